//! Times for people.

/// `2026-11-24 10:00 UTC` of an RFC 3339 time in UTC; another text as it is.
pub fn minute(time: &str) -> String {
    let shown = time.get(..16).filter(|_| time.ends_with('Z'));
    shown.map_or_else(|| time.to_owned(), |shown| format!("{} UTC", shown.replace('T', " ")))
}

#[cfg(test)]
mod tests {
    use super::minute;

    #[test]
    fn a_time_is_told_to_the_minute() {
        assert_eq!(minute("2026-11-24T10:01:02.345Z"), "2026-11-24 10:01 UTC");
        assert_eq!(minute("long ago"), "long ago");
    }
}
