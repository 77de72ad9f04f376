//! The licence's text, as far as it is known (reference 4.1).
//!
//! Two shapes are read: the upper-case one of versions 10 and 11, and its lower-case twin. The twin is synthetic:
//! versions 12 to 14 write lower-case elements, but no whole sample of theirs is public (U-18). So names are
//! compared in any case, products are found wherever they stand, and a product nobody has listed is kept.

use super::codec::{Document, Element};
use crate::model::{Module, ModuleOffer, Seats};

/// The products of a licence text; `None` where the text is no XML or names no products.
pub fn products(text: &str) -> Option<Vec<ModuleOffer>> {
    let document = Document::parse(text).ok()?;
    products_in(&document.root)
}

/// The same of a text that came as elements and not as characters.
pub fn products_in(root: &Element) -> Option<Vec<ModuleOffer>> {
    let products = find(root, "products")?;
    Some(products.children.iter().filter_map(offer).collect())
}

/// The first element of that name, wherever it stands. Depth is bounded by the codec.
fn find<'a>(element: &'a Element, name: &str) -> Option<&'a Element> {
    if element.name().eq_ignore_ascii_case(name) {
        return Some(element);
    }
    element.children.iter().find_map(|child| find(child, name))
}

fn offer(item: &Element) -> Option<ModuleOffer> {
    let field = |name| item.child_any_case(name).map(|child| child.text.trim());
    let title = field("PRODUCT")?;
    Some(ModuleOffer {
        module: Module::parse(title)?,
        title: title.to_owned(),
        seats: seats(field("ACCOUNTS")),
        demo: match field("DEMO") {
            Some("0") => Some(false),
            Some("1") => Some(true),
            _ => None,
        },
        expires_day: expiry(field("CREATIONDATE"), field("EXPIRESAFTER")),
    })
}

/// 0 is unlimited (reference 4.1). A number that is not there or not a number is never taken for one (U-1).
fn seats(accounts: Option<&str>) -> Seats {
    match accounts.map(str::parse) {
        Some(Ok(0)) => Seats::Unlimited,
        Some(Ok(seats)) => Seats::Limited(seats),
        _ => Seats::Unknown,
    }
}

/// Both are in days; the first counts from 1899-12-30. Whether 0 days mean "at once" or "never" is not known, so
/// they mean nothing here.
fn expiry(created: Option<&str>, days: Option<&str>) -> Option<i64> {
    let created = day(created?)?;
    let days = day(days?)?;
    (created > 0 && days > 0).then(|| created.checked_add(days)).flatten()
}

/// A number of days; a Delphi date may carry the time of day behind a point or a comma.
fn day(text: &str) -> Option<i64> {
    let whole = text.split(['.', ',']).next().unwrap_or(text);
    whole.parse().ok()
}

/// The order id in the clear header of a licence text (reference 4.1). What follows the header is opaque and need
/// not be XML, so this looks for the two elements and nothing more.
pub fn order_id(text: &str) -> Option<String> {
    // Lower-casing ASCII leaves every other byte, and so every offset, as it is.
    let lower = text.to_ascii_lowercase();
    let header = lower.find("<header")?;
    let start = header + lower[header..].find("<purchaseid>")? + "<purchaseid>".len();
    let end = start + lower[start..].find("</purchaseid>")?;
    well_formed_order(&text[start..end])
}

/// All that is known of an order id: it is not empty and holds no white space (reference 4.2).
pub fn well_formed_order(text: &str) -> Option<String> {
    let order = text.trim();
    let sound = !order.is_empty() && !order.chars().any(|c| c.is_whitespace() || c.is_control() || c == '<');
    sound.then(|| order.to_owned())
}
