//! What is done to a world from outside, past the interface: by tests, by rehearsals, and by `icewarden sandbox`.

use super::faults::Fault;
use super::lag::Lags;
use super::licence::{LicenceShape, Product};
use super::logins::LoginBar;
use super::services::module_of_product;
use super::switches::{ProductNames, Setting};
use super::world::World;

impl World {
    /// Sets a fault. It strikes from now on, and faults that strike at the same call all do.
    pub fn add_fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// Takes all faults away.
    pub fn clear_faults(&mut self) {
        self.faults.clear();
    }

    /// Sets the seats of a product: `Some(0)` is unlimited, as on the wire; `None` takes the product out of
    /// the licence. Accounts go on trial or come off it at once.
    pub fn set_product(&mut self, product: &str, accounts: Option<u32>) {
        let module = module_of_product(product);
        let same = |held: &Product| match module {
            Some(module) => module_of_product(&held.name) == Some(module),
            None => held.name.eq_ignore_ascii_case(product),
        };
        let place = self.licence.products.iter().position(same);
        match (place, accounts) {
            (Some(place), Some(accounts)) => self.licence.products[place].accounts = accounts,
            (Some(place), None) => drop(self.licence.products.remove(place)),
            (None, Some(accounts)) => {
                self.licence.products.push(Product { name: product.to_owned(), accounts });
            }
            (None, None) => {}
        }
        self.recount_all();
    }

    /// The order id the licence says it was bought under (reference 4.2).
    pub fn set_order_id(&mut self, order_id: &str) {
        order_id.clone_into(&mut self.licence.order_id);
    }

    /// In which shape `C_License_XML` is given (U-18).
    pub fn set_licence_shape(&mut self, shape: LicenceShape) {
        self.switches.product_names = match shape {
            LicenceShape::UpperCase => ProductNames::Upper,
            LicenceShape::LowerCase => ProductNames::Lower,
        };
    }

    /// Keeps an account out, or lets it in again. `false`: there is no such account.
    pub fn bar_login(&mut self, address: &str, bar: Option<LoginBar>) -> bool {
        let Some(id) = self.account_id(address) else { return false };
        match bar {
            Some(bar) => drop(self.login_bars.insert(id, bar)),
            None => drop(self.login_bars.remove(&id)),
        }
        true
    }

    /// Ends every session, as a restart of the real server or its time limit would: the next call of each is
    /// answered `session_invalid`.
    pub fn drop_sessions(&mut self) {
        self.sessions.end_all();
    }

    /// Puts a switch in a position. The accounts on which it bears are counted afresh, and the highest over
    /// is measured from then on. What is still to be shown as it was is forgotten when U-15 is put.
    pub fn set_switch(&mut self, setting: Setting) {
        self.switches.put(setting);
        match setting.id() {
            "U-15" => self.lags = Lags::default(),
            "U-20" => self.connect_half(),
            "U-44" => self.respell_domains(),
            _ => {}
        }
        self.recount_all();
        self.reset_highest();
    }

    /// Moves the clock by which challenges grow old.
    pub fn move_clock(&mut self, seconds: i64) {
        self.clock_ahead_s += seconds;
    }
}
