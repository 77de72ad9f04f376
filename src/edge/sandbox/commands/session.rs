//! Login and logout (reference 1.3).
//!
//! The password comes plain, or in a digest that only this server can open (`challenge`).

use super::super::account_values::{admin_type, name_of};
use super::super::call::{Call, NO_SUCH_ACCOUNT, RESULT_DEPTH, Reply, Success};
use super::super::entries::{Account, USER};
use super::super::logins::LoginBar;
use super::super::sessions::GLOBAL_ADMIN;
use super::super::switches::AuthType;
use super::super::variables;
use super::super::world::{PASSWORD, World};
use super::super::xml::Writer;

/// Whose account this is, if the password is right and nothing stands against it.
///
/// `authtype` is a number in the reference; the Python client sends the word (U-31). The password is looked at first, and a disabled account is told before a second factor (source S4,
/// measured).
fn admitted<'w>(world: &'w World, call: &Call<'_, '_>) -> Result<&'w Account, &'static str> {
    let email = call.text("email");
    let words = world.switches.authtype == AuthType::Both;
    let plain = match call.text("authtype").to_ascii_lowercase().as_str() {
        "" | "0" => true,
        "1" => false,
        "plain" if words => true,
        "rsa" if words => false,
        _ => return Err("auth_type_invalid"),
    };
    if email.is_empty() {
        return Err("auth_email_missing");
    }
    let password = given_password(world, call, plain)?;
    let account = world.account_id(&email).and_then(|id| world.account(id));
    let account = account.filter(|account| account.kind == USER && password_of(account) == password);
    // A wrong password, an unknown account and an unknown domain are told by the same word (reference 1.3).
    let account = account.ok_or("auth_login_invalid")?;
    let id = world.account_id(&email);
    let barred = id.and_then(|id| world.login_bars.get(&id)).copied();
    refusal(world, account, barred, &call.text("totpcode")).map_or(Ok(account), Err)
}

fn given_password(world: &World, call: &Call<'_, '_>, plain: bool) -> Result<String, &'static str> {
    let given = if plain { call.text_whole("password") } else { call.text("digest") };
    match given.is_empty() {
        true if plain => Err("auth_password_missing"),
        true => Err("auth_digest_missing"),
        false if plain => Ok(given),
        false => world.challenges.password_of_digest(&given, world.clock_ahead_s),
    }
}

pub(super) fn authenticate(world: &mut World, call: &Call<'_, '_>) -> Reply {
    let address = match call.text("email").eq_ignore_ascii_case(GLOBAL_ADMIN) {
        true => global_admin(world, call)?,
        false => admitted(world, call).map(|account| world.address(account))?,
    };
    Ok(Success::Session(world.sessions.start(&address)))
}

/// The account of no domain, where a variable of the server lets it in; its password is another (reference 1.3).
fn global_admin(world: &World, call: &Call<'_, '_>) -> Result<String, &'static str> {
    let plain = call.text("authtype") != "1";
    let given = given_password(world, call, plain)?;
    let password = world.server_variable("C_Accounts_Policies_GlobalAdminPassword");
    let enabled = world.server_variable("C_Accounts_Policies_EnableGlobalAdmin");
    let right =
        password.filter(|password| !password.is_empty()).unwrap_or_else(|| PASSWORD.to_owned()) == given;
    match enabled.as_deref() == Some("1") && right {
        true => Ok(GLOBAL_ADMIN.to_owned()),
        false => Err("auth_login_invalid"),
    }
}

/// A login without a session, by which others let the server check a password. The token is good for nothing
/// here.
pub(super) fn token(world: &mut World, call: &Call<'_, '_>) -> Reply {
    let account = admitted(world, call)?;
    let mut out = Writer::at_depth(RESULT_DEPTH);
    out.leaf("email", &world.address(account));
    out.open("name");
    name_of(&account.name).write(&mut out);
    out.close("name");
    out.leaf("avatartoken", "");
    out.leaf("authtoken", &"5A4D".repeat(8));
    out.leaf("avatarurl", "");
    Ok(Success::Elements(out.finish()))
}

fn refusal(world: &World, account: &Account, barred: Option<LoginBar>, code: &str) -> Option<&'static str> {
    let is_on = |name: &str| {
        let index = variables::find(name).map(|variable| variable.index);
        index.is_some_and(|index| account.value(index) == Some("1"))
    };
    let domain = world.domain(account.domain);
    let login_disabled = variables::find("d_disablelogin").is_some_and(|variable| {
        domain.and_then(|domain| domain.values.get(&variable.index)).is_some_and(|value| &**value == "1")
    });
    if let Some(bar) = barred.filter(|bar| *bar != LoginBar::TwoFactor) {
        return Some(bar.uid());
    }
    let second_factor = barred == Some(LoginBar::TwoFactor) || is_on("u_2f_enabled");
    match () {
        () if account.disabled != 0 => Some("account_disabled_2"),
        () if login_disabled => Some("account_disabled_11"),
        () if second_factor && code.is_empty() => Some("auth_two_factor_required"),
        // There is no authenticator here, so no code is right.
        () if second_factor => Some("auth_two_factor_invalid"),
        () => None,
    }
}

fn password_of(account: &Account) -> &str {
    let index = variables::find("u_password").map(|variable| variable.index);
    index.and_then(|index| account.value(index)).unwrap_or(PASSWORD)
}

pub(super) fn challenge(world: &mut World, _: &Call<'_, '_>) -> Reply {
    // Without randomness there is no RSA login, as on a server that does not offer it (synthetic).
    let challenge = world.challenges.issue(world.clock_ahead_s).ok_or("auth_type_invalid")?;
    let mut out = Writer::at_depth(RESULT_DEPTH);
    out.leaf("classname", "tauthchallenge");
    out.leaf("hashid", &challenge.hash_id);
    out.leaf("timestamp", &challenge.timestamp.to_string());
    Ok(Success::Elements(out.finish()))
}

/// `admintype` here follows `A_AdminType`, in the account list another numbering: so it was recorded
/// (reference 11).
pub(super) fn info(world: &mut World, call: &Call<'_, '_>) -> Reply {
    if call.caller == GLOBAL_ADMIN {
        let mut out = Writer::at_depth(RESULT_DEPTH);
        // It has no domain, and what a server answers here was never seen (synthetic).
        for (name, value) in
            [("email", GLOBAL_ADMIN), ("domain", ""), ("admintype", "2"), ("passwordexpired", "0")]
        {
            out.leaf(name, value);
        }
        return Ok(Success::Elements(out.finish()));
    }
    let account = world.account_id(&call.caller).and_then(|id| world.account(id)).ok_or(NO_SUCH_ACCOUNT)?;
    let domain = call.caller.rsplit_once('@').map_or("", |(_, domain)| domain);
    let mut out = Writer::at_depth(RESULT_DEPTH);
    out.leaf("email", &call.caller);
    out.leaf("domain", domain);
    out.leaf("admintype", admin_type(account));
    out.leaf("isgateway", "0");
    out.leaf("name", &account.name);
    out.leaf("image", "");
    out.leaf("avatartoken", "");
    let expired = variables::find("u_passwordexpired").and_then(|variable| account.value(variable.index));
    out.leaf("passwordexpired", expired.unwrap_or("0"));
    Ok(Success::Elements(out.finish()))
}

pub(super) fn logout(world: &mut World, call: &Call<'_, '_>) -> Reply {
    world.sessions.end(call.sid);
    Ok(Success::Text("1"))
}
