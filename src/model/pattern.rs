//! A glob over lower-cased addresses or names of domains.

use globset::{GlobBuilder, GlobMatcher};

use super::address::{compared, compared_domain, shown_address, shown_domain};

/// A glob that matches the whole lower-cased text. `*` and `?` match any character, `@` and `.` included.
///
/// A text without wildcards is held in the form in which addresses and domains are compared, and a glob is held
/// against both forms of a name: an author may write either (U-44).
#[derive(Debug, Clone)]
pub struct Pattern {
    text: Box<str>,
    matcher: Matcher,
}

#[derive(Debug, Clone)]
enum Matcher {
    /// A plain text without any wildcard.
    Literal,
    /// One `*` and nothing else: the lengths of what stands before and after it. Nearly all globs over addresses
    /// are of this form, and a directory has a million of them.
    Star(usize, usize),
    Glob(Box<GlobMatcher>),
}

impl Pattern {
    /// The characters that make a text a glob rather than a plain text.
    const WILD: [char; 4] = ['*', '?', '[', '{'];

    /// Reads a glob. The error is a lower-case fragment that says what is wrong with it.
    pub fn parse(text: &str) -> Result<Pattern, String> {
        let text = Pattern::compared(text);
        let matcher = match text.split_once('*') {
            _ if !Pattern::is_glob(&text) => Matcher::Literal,
            Some((before, after)) if !Pattern::is_glob(before) && !Pattern::is_glob(after) => {
                Matcher::Star(before.len(), after.len())
            }
            _ => {
                let glob = GlobBuilder::new(&text).literal_separator(false).backslash_escape(false).build();
                Matcher::Glob(Box::new(glob.map_err(|error| error.kind().to_string())?.compile_matcher()))
            }
        };
        Ok(Pattern { text: text.into(), matcher })
    }

    /// What of a pattern can be put into the form that is compared: what stands before its last `@`, and after it
    /// where no wildcard stands there. A pattern without an `@` may be one of domains.
    fn compared(text: &str) -> String {
        let wild = Pattern::is_glob;
        match text.rsplit_once('@') {
            Some((local, domain)) if wild(domain) => format!("{}@{}", compared(local), domain.to_lowercase()),
            Some(_) => compared(text).into_owned(),
            None if wild(text) => text.to_lowercase(),
            None => compared_domain(text).into_owned(),
        }
    }

    /// Whether a text has a wildcard, and so may mean several.
    pub fn is_glob(text: &str) -> bool {
        text.contains(Pattern::WILD)
    }

    /// The pattern as it was written, for messages.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The text itself where it has no wildcard.
    pub fn literal(&self) -> Option<&str> {
        matches!(self.matcher, Matcher::Literal).then_some(&*self.text)
    }

    /// What every match starts with; nothing of a domain, which may match in its other form.
    pub fn prefix(&self) -> &str {
        let plain = self.text.split(Pattern::WILD).next().unwrap_or_default();
        plain.split_inclusive('@').next().unwrap_or_default()
    }

    /// For `*@domain`, that domain: such a glob is a whole domain, which is cheaper to ask for.
    pub fn whole_domain(&self) -> Option<&str> {
        self.text.strip_prefix("*@").filter(|domain| !Pattern::is_glob(domain))
    }

    /// Whether it matches a text, given in the form that is compared.
    pub fn matches(&self, text: &str) -> bool {
        if self.matches_as_is(text) {
            return true;
        }
        let other = || if text.contains('@') { shown_address(text) } else { shown_domain(text) };
        self.literal().is_none() && other().is_some_and(|text| self.matches_as_is(&text))
    }

    /// Whether it matches a text of which it is known that it has no other form.
    pub fn matches_as_is(&self, text: &str) -> bool {
        match &self.matcher {
            Matcher::Literal => *self.text == *text,
            Matcher::Star(before, after) => {
                text.len() >= before + after
                    && text.starts_with(&self.text[..*before])
                    && text.ends_with(&self.text[self.text.len() - after..])
            }
            Matcher::Glob(glob) => glob.is_match(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_matches_the_whole_text_and_nothing_less() {
        for (glob, text, expected) in [
            ("svc-*@example.com", "svc-a.b@example.com", true),
            ("svc-*@example.com", "xsvc-a@example.com", false),
            ("svc-*@example.com", "svc-a@example.com.test", false),
            ("*@example.com", "a/b@example.com", true),
            ("b?b@example.com", "bob@example.com", true),
            ("BOB@example.com", "bob@example.com", true),
            ("bob@example.com", "bob@example.com.test", false),
            ("ab*ba@example.com", "aba@example.com", false),
            ("ab*ba@example.com", "abba@example.com", true),
            ("a*b*@example.com", "axxbyy@example.com", true),
            ("*@bücher.test", "a@xn--bcher-kva.test", true),
            ("a@BÜCHER.test", "a@xn--bcher-kva.test", true),
            ("*@b*cher.test", "a@xn--bcher-kva.test", true),
            ("*@bü*.test", "a@xn--bcher-kva.test", true),
            ("*@xn--b*.test", "a@xn--bcher-kva.test", true),
            ("bü*.test", "xn--bcher-kva.test", true),
            ("bücher.test", "xn--bcher-kva.test", true),
            ("bücher.test", "xn--bcher-xxx.test", false),
            ("rene\u{301}*@example.com", "ren\u{e9}.a@example.com", true),
        ] {
            assert_eq!(Pattern::parse(glob).unwrap().matches(text), expected, "{glob} on {text}");
        }
        assert!(Pattern::parse("a[b@example.com").is_err());
    }
}
