//! The day numbers that the licence text counts in.

use jiff::civil::{Date, date};

/// Day 0 of the licence text's day numbers (reference 4.1).
const DAY_ZERO: Date = date(1899, 12, 30);

/// The day number of a date.
pub fn day_number(day: Date) -> i64 {
    i64::from(day.since((jiff::Unit::Day, DAY_ZERO)).map(|span| span.get_days()).unwrap_or_default())
}

/// The date of a day number; `None` beyond the calendar.
pub fn date_of(number: i64) -> Option<Date> {
    let days = jiff::Span::new().try_days(number).ok()?;
    DAY_ZERO.checked_add(days).ok()
}
