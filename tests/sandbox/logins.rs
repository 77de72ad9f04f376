//! Logins by a digest, and what keeps an account out.

use icewarden::edge::sandbox::{LoginBar, World};
use rsa::{BoxedUint, PublicKey};

use super::client::{attribute, error, login_params, request, texts};

fn login(world: &mut World, params: &str) -> String {
    world.answer(request("", "authenticate", params).as_bytes(), None).body
}

struct Challenge {
    key: PublicKey,
    timestamp: i64,
}

fn challenge(world: &mut World) -> Challenge {
    let body = world.answer(request("", "getauthchallenge", "<authtype>1</authtype>").as_bytes(), None).body;
    let one = |name: &str| texts(&body, name).pop().unwrap_or_else(|| panic!("no {name}: {body}"));
    assert_eq!(one("classname"), "tauthchallenge");
    let modulus = one("hashid");
    let bytes: Vec<u8> = (0..modulus.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&modulus[at..at + 2], 16).expect("hexadecimal"))
        .collect();
    assert_eq!(bytes.len(), 128);
    let key =
        PublicKey::new(BoxedUint::from_be_slice_vartime(&bytes), BoxedUint::from(65_537u64)).expect("a key");
    Challenge { key, timestamp: one("timestamp").parse().expect("a number") }
}

impl Challenge {
    fn digest(&self, plain: &str) -> String {
        let sealed = self.key.pkcs1v15_encrypt(plain.as_bytes()).expect("it is short");
        sealed.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn params(&self, authtype: &str, plain: &str) -> String {
        let digest = self.digest(plain);
        format!(
            "<authtype>{authtype}</authtype><email>anna@example.com</email><password/><digest>{digest}</digest>"
        )
    }

    /// With the moment of this challenge.
    fn of(&self, password: &str) -> String {
        self.params("1", &format!("p={password}&t={}", self.timestamp))
    }
}

/// A server with one account whose password needs encoding: `pass word+%&=é`.
fn world() -> World {
    let mut world = World::bare();
    world.add_account("anna@example.com", "Anna", 0);
    assert!(world.set_account_variable("anna@example.com", "U_Password", "pass word+%&=é"));
    world
}

const ENCODED: &str = "pass+word%2B%25%26%3D%C3%A9";

#[test]
fn a_digest_of_the_right_password_opens_a_session() {
    let mut world = world();
    let challenge = challenge(&mut world);
    for authtype in ["1", "rsa", "RSA"] {
        let plain = format!("p={ENCODED}&t={}", challenge.timestamp);
        let body = login(&mut world, &challenge.params(authtype, &plain));
        assert!(attribute(&body, "sid").is_some(), "{authtype}: {body}");
    }
    // A challenge stays good beside later ones.
    assert!(challenge.timestamp <= self::challenge(&mut world).timestamp);
    assert!(attribute(&login(&mut world, &challenge.of(ENCODED)), "sid").is_some());
}

#[test]
fn a_digest_is_refused_for_what_is_wrong_with_it() {
    let mut world = world();
    let challenge = challenge(&mut world);
    let moment = challenge.timestamp;
    for (params, expected) in [
        (challenge.of("wrong"), "auth_login_invalid"),
        (challenge.of(""), "auth_login_invalid"),
        (challenge.params("1", ENCODED), "auth_login_invalid"),
        (challenge.params("1", &format!("p={ENCODED}&t={}", moment - 1)), "auth_digest_expired"),
        (challenge.params("1", &format!("p={ENCODED}&t={}", moment + 1)), "auth_digest_expired"),
        (challenge.of(ENCODED).replace("<digest>", "<digest>0"), "auth_login_invalid"),
        ("<authtype>1</authtype><email>anna@example.com</email>".to_owned(), "auth_digest_missing"),
        (challenge.of(ENCODED).replace("anna@", "nobody@"), "auth_login_invalid"),
        (challenge.of(ENCODED).replace(">1<", ">2<"), "auth_type_invalid"),
        // The digest is no password.
        (challenge.of(ENCODED).replace(">1<", ">0<"), "auth_password_missing"),
    ] {
        let body = login(&mut world, &params);
        assert_eq!(error(&body).as_deref(), Some(expected), "{params}");
        assert_eq!(attribute(&body, "sid"), None, "{params}");
    }
}

#[test]
fn a_challenge_is_good_for_five_minutes() {
    let mut world = world();
    let challenge = challenge(&mut world);
    world.move_clock(5 * 60 - 60);
    assert_eq!(error(&login(&mut world, &challenge.of(ENCODED))), None);
    world.move_clock(61);
    assert_eq!(error(&login(&mut world, &challenge.of(ENCODED))).as_deref(), Some("auth_digest_expired"));
}

#[test]
fn what_keeps_an_account_out_is_told_only_to_who_knows_the_password() {
    let mut world = world();
    let params = login_params("anna@example.com", "pass word+%&amp;=é");
    for bar in LoginBar::ALL {
        assert!(world.bar_login("anna@example.com", Some(bar)));
        assert_eq!(error(&login(&mut world, &params)).as_deref(), Some(bar.uid()));
        let wrong = login_params("anna@example.com", "wrong");
        assert_eq!(error(&login(&mut world, &wrong)).as_deref(), Some("auth_login_invalid"));
        assert!(world.bar_login("anna@example.com", None));
        assert_eq!(error(&login(&mut world, &params)), None);
    }
    world.bar_login("anna@example.com", Some(LoginBar::TwoFactor));
    let coded = params + "<totpcode>123456</totpcode>";
    assert_eq!(error(&login(&mut world, &coded)).as_deref(), Some("auth_two_factor_invalid"));
    assert!(!world.bar_login("nobody@example.com", None));
}

/// White space is part of a password, here as on the way to it.
#[test]
fn a_password_is_compared_to_the_letter() {
    let mut world = World::bare();
    for (password, expected) in [
        ("sandbox", None),
        (" sandbox", Some("auth_login_invalid")),
        ("sandbox\n", Some("auth_login_invalid")),
    ] {
        let answer = login(&mut world, &login_params("admin@example.com", password));
        assert_eq!(error(&answer).as_deref(), expected, "{password:?}");
    }
}
