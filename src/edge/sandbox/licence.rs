//! The licence: its products and seats, and the two texts a server shows of it (reference 4.1).

use super::services::{Module, module_of_product};
use super::switches::ProductNames;
use super::xml::Writer;

/// How `C_License_XML` is written (U-18).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LicenceShape {
    /// The shape known of 10/11: upper-case names.
    #[default]
    UpperCase,
    /// The same in lower case with `<licensetype>`, as greps of 12–14 suggest. Synthetic.
    LowerCase,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Licence {
    pub order_id: String,
    pub products: Vec<Product>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Product {
    pub name: String,
    /// Seats; 0 is unlimited (reference 4.1).
    pub accounts: u32,
}

/// 2026-01-15 as a Delphi day number, day 0 being 1899-12-30 (reference 4.1). Synthetic: the day every
/// sandbox licence was issued; a server without a clock has no better.
const CREATION_DAY: u32 = 46_037;

/// Ten years, synthetic, so that no test meets an expiry it did not ask for.
const EXPIRES_AFTER_DAYS: u32 = 3_652;

impl Licence {
    pub(super) fn new(order_id: &str) -> Licence {
        Licence { order_id: order_id.to_owned(), products: Vec::new() }
    }

    /// Seats of a module: `None` is unlimited. A module the licence does not list has none.
    pub(super) fn seats(&self, module: Module) -> Option<u64> {
        match self.product(module) {
            None => Some(0),
            Some(product) if product.accounts == 0 => None,
            Some(product) => Some(u64::from(product.accounts)),
        }
    }

    pub(super) fn product(&self, module: Module) -> Option<&Product> {
        self.products.iter().find(|product| module_of_product(&product.name) == Some(module))
    }

    /// `C_License`: a clear header with the order id, the rest opaque (reference 4.1). The opaque part is
    /// synthetic.
    pub(super) fn exported(&self) -> String {
        let order_id = escaped(&self.order_id);
        format!(
            "<license><header><purchaseid>{order_id}</purchaseid></header><data>c2FuZGJveA==</data></license>"
        )
    }

    /// `C_License_XML`, the decrypted text. A name that nobody has listed is synthetic.
    pub(super) fn decrypted(&self, names: ProductNames) -> String {
        let upper = names == ProductNames::Upper;
        let word = |name: &str| if upper { name.to_uppercase() } else { name.to_owned() };
        let mut out = String::new();
        let leaf = |out: &mut String, name: &str, value: &str| {
            let name = word(name);
            out.push_str(&format!("<{name}>{}</{name}>", escaped(value)));
        };
        out.push_str(&format!("<{}>", word("license")));
        if upper {
            out.push_str("<TIMESTAMP/>");
        } else {
            leaf(&mut out, "licensetype", "onpremise");
        }
        out.push_str(&format!("<{}>", word("products")));
        for product in &self.products {
            out.push_str(&format!("<{}>", word("item")));
            let unlisted = names == ProductNames::Unknown;
            let name = if unlisted { format!("IceWarp {} Pack", product.name) } else { product.name.clone() };
            leaf(&mut out, "product", &name);
            leaf(&mut out, "demo", "0");
            leaf(&mut out, "accounts", &product.accounts.to_string());
            leaf(&mut out, "creationdate", &CREATION_DAY.to_string());
            leaf(&mut out, "expiresafter", &EXPIRES_AFTER_DAYS.to_string());
            out.push_str(&format!("</{}>", word("item")));
        }
        out.push_str(&format!("</{}></{}>", word("products"), word("license")));
        out
    }

    /// The answer of `getlicenseinfo` in its 14 form (reference 1.9). Name and address are synthetic.
    pub(super) fn write_info(&self, out: &mut Writer) {
        let known = [
            ("countryname", "Example Country"),
            ("country", "XX"),
            ("state", ""),
            ("locality", "Example City"),
            ("organization", "Example Company"),
            ("email", "licence@example.com"),
            ("cn", "Example Company"),
            ("name", "Example Company"),
            ("address1", "Example Street 1"),
            ("address2", ""),
            ("address3", ""),
            ("zip", "00000"),
            ("phone", ""),
            ("iscloud", "0"),
            ("cloudinfo", ""),
            ("orderid", self.order_id.as_str()),
            ("defaultplan", ""),
            ("licensetype", "onpremise"),
            ("salescontact", ""),
            ("technicalcontact", ""),
            ("plans", ""),
            ("minimumcharge", ""),
            ("expiration", ""),
        ];
        for (name, value) in known {
            out.leaf(name, value);
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
