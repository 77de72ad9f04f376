//! Did you mean …?

use crate::model::Service;

/// The nearest of `words`, if one is near enough to be meant.
pub fn nearest<'w>(written: &str, words: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    // Longer than every word there is, and the comparison costs the product of both lengths.
    const LENGTH_MAX: usize = 64;
    if written.len() > LENGTH_MAX {
        return None;
    }
    let plain = reduced(written);
    let distance_max = (plain.chars().count() / 3).max(1);
    words
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(&plain, &reduced(word)), word))
        .filter(|(distance, word)| *distance <= distance_max && *distance < word.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// Case and separators are not what anybody means.
fn reduced(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// What people call a service, beside its name in the spec: the vendor's variables, products and screens.
pub fn service(written: &str) -> Option<&'static str> {
    let plain = reduced(written);
    let service = match plain.as_str() {
        "imap" | "pop3" | "pop" | "imap4" => Service::Pop3Imap,
        "webclient" => Service::WebMail,
        "av" | "avscan" => Service::AntiVirus,
        "as" | "spam" => Service::AntiSpam,
        "instantmessaging" | "chat" | "jabber" | "xmpp" => Service::Im,
        "gw" | "calendar" | "calendars" => Service::Groupware,
        "voip" => Service::Sip,
        "eas" | "exchangeactivesync" => Service::ActiveSync,
        "caldav" | "carddav" | "dav" => Service::WebDav,
        "outlook" | "outlookconnector" | "connector" | "clientconnector" => Service::OutlookSync,
        "desktopclient" | "clientdesktop" => Service::Desktop,
        "conference" | "conferences" | "webmeeting" => Service::Meeting,
        _ => return None,
    };
    Some(service.name())
}

/// Whether some YAML reader takes the word for a boolean.
pub fn boolean_elsewhere(written: &str) -> bool {
    ["on", "off", "yes", "no", "y", "n", "true", "false"]
        .iter()
        .any(|word| word.eq_ignore_ascii_case(written))
}

/// What somebody means who writes one of many words for a switch.
pub fn switch(written: &str) -> Option<bool> {
    match written.to_ascii_lowercase().as_str() {
        "on" | "yes" | "true" | "y" | "1" | "enable" | "enabled" => Some(true),
        "off" | "no" | "false" | "n" | "0" | "disable" | "disabled" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_suggested_only_when_it_is_near() {
        let words = ["keepDays", "enabled", "path"];
        for (written, expected) in [
            ("keepdays", Some("keepDays")),
            ("keep_day", Some("keepDays")),
            ("enabeld", Some("enabled")),
            ("pth", Some("path")),
            ("x", None),
            ("", None),
            ("banana", None),
        ] {
            assert_eq!(nearest(written, words), expected, "{written}");
        }
        assert_eq!(nearest(&"a".repeat(1_000_000), words), None);
    }
}
