//! What `GET /sandbox/state` shows: the world as it is, without the interface it is usually seen through.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};

use super::entries::{Account, FLAG_ADMIN, FLAG_GUEST};
use super::services::{MODULES, SERVICES};
use super::variables;
use super::world::World;

/// Backup settings of reference 5.1, and what tells the state of the licence.
const SERVER_VARIABLES: [&str; 26] = [
    "C_System_Tools_AutoBackup_Enable",
    "C_System_Tools_AutoBackup_BackupTo",
    "C_System_Tools_AutoBackup_Password",
    "C_System_Tools_AutoBackup_Schedule",
    "C_System_Tools_AutoBackup_DeleteAfter",
    "C_System_Tools_IncludeMailDir",
    "C_System_Tools_ExcludeLicense",
    "C_System_Tools_Backup_Emails",
    "C_System_Tools_Backup_SkipLarger",
    "C_System_Tools_Backup_SkipOlder",
    "C_System_Tools_Backup_Dirs",
    "C_System_Tools_Backup_Logs",
    "C_System_Tools_Backup_GWAttach",
    "C_System_Tools_Backup_DB_AccountsEnabled",
    "C_System_Tools_Backup_DB_Accounts",
    "C_System_Tools_Backup_DB_ASEnabled",
    "C_System_Tools_Backup_DB_AS",
    "C_System_Tools_Backup_DB_GWEnabled",
    "C_System_Tools_Backup_DB_GW",
    "C_System_Tools_Backup_DB_DirectoryCacheEnabled",
    "C_System_Tools_Backup_DB_DirectoryCache",
    "C_System_Tools_AutoArchive_Backup_Active",
    "C_System_Tools_AutoArchive_Backup_DeleteOlder",
    "C_System_Tools_AutoArchive_Backup_File",
    "C_System_Tools_AutoArchive_Backup_Password",
    "C_LicenseStatus",
];

/// A view that is written straight out: a million accounts as a tree of values would not fit beside the
/// world.
#[derive(Debug)]
pub(super) struct State<'a> {
    pub world: &'a World,
    pub with_accounts: bool,
}

impl World {
    /// The whole state as JSON, all accounts included.
    ///
    /// `modules.*.seats` is `null` where unlimited; a module the licence does not list has `licensed: false`
    /// and 0 seats. `writes` counts calls that changed something and were answered 1.
    #[must_use]
    pub fn state(&self) -> Value {
        serde_json::to_value(State { world: self, with_accounts: true }).unwrap_or(Value::Null)
    }
}

impl Serialize for State<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let world = self.world;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("sandbox", &true)?;
        if self.with_accounts {
            map.serialize_entry("accounts", &Accounts(world))?;
        }
        map.serialize_entry("modules", &modules(world))?;
        map.serialize_entry("server", &server(world))?;
        map.serialize_entry("calls", &world.calls)?;
        map.serialize_entry("writes", &world.writes)?;
        map.serialize_entry("sessions", &world.sessions.count())?;
        map.serialize_entry("switches", &moved(world))?;
        map.serialize_entry("secondAdministrator", &interference(world))?;
        map.end()
    }
}

struct Accounts<'a>(&'a World);

impl Serialize for Accounts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let world = self.0;
        let mut map = serializer.serialize_map(None)?;
        let domains = world.domain_names.values().filter_map(|place| world.domain(*place));
        for id in domains.flat_map(|domain| &domain.order) {
            if let Some(account) = world.account(*id) {
                map.serialize_entry(&world.address(account), &AccountView { world, account, id: *id })?;
            }
        }
        map.end()
    }
}

struct AccountView<'a> {
    world: &'a World,
    account: &'a Account,
    id: u32,
}

impl Serialize for AccountView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let account = self.account;
        let trials = &self.world.counts.trial;
        let trial = MODULES.iter().filter(|(module, _)| trials[*module as usize].contains(&self.id));
        let trial: Vec<&str> = trial.map(|(_, product)| *product).collect();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", &account.kind)?;
        map.serialize_entry("services", &Services(account.switches))?;
        map.serialize_entry("disabled", &account.disabled)?;
        map.serialize_entry("guest", &(account.flags & FLAG_GUEST != 0))?;
        map.serialize_entry("admin", &(account.flags & FLAG_ADMIN != 0))?;
        map.serialize_entry("trial", &trial)?;
        map.end()
    }
}

/// The services whose switch is stored on, in the order of the reference.
struct Services(u32);

impl Serialize for Services {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (index, service) in SERVICES.iter().enumerate() {
            if self.0 >> index & 1 == 1 {
                map.serialize_entry(service.name, &true)?;
            }
        }
        map.end()
    }
}

/// The switches that are not in their first position.
fn moved(world: &World) -> Vec<String> {
    world.switches.moved().map(|setting| setting.to_string()).collect()
}

/// What the second administrator wrote, in order.
fn interference(world: &World) -> Vec<Value> {
    let done = world.second.done.iter();
    done.map(|done| json!({"address": done.address, "variable": done.variable, "value": done.value}))
        .collect()
}

fn modules(world: &World) -> Value {
    let mut out = serde_json::Map::new();
    for (module, product) in MODULES {
        let view = json!({
            "licensed": world.licence.product(module).is_some(),
            "seats": world.licence.seats(module),
            "used": world.counts.used[module as usize],
            "over": world.over_by(module),
            "highestOver": world.counts.highest[module as usize],
        });
        out.insert(product.to_owned(), view);
    }
    Value::Object(out)
}

fn server(world: &World) -> Value {
    let mut out = serde_json::Map::new();
    for name in SERVER_VARIABLES {
        let value = variables::find(name).and_then(|variable| world.server_stored(variable));
        out.insert(name.to_owned(), value.map_or(Value::Null, Value::String));
    }
    out.insert("licenceInBackup".to_owned(), Value::Bool(world.licence_in_backup()));
    Value::Object(out)
}
