//! A plan for a pull request: within the limit, whole, and with nothing in it that others chose to be markdown.

use icewarden::plan::file::{
    ActionFile, AllowFile, BlockedFile, DomainCountFile, ErrorFile, FindingFile, GroupFile, HarmFile,
    HeldFile, HoldFile, LedgerFile, ObstacleFile, PlanFile, PlanOutcomeFile, ReasonFile, RuleFile,
    SeatsSourceFile, ServerFile, StepFile,
};
use icewarden::report::markdown::{BYTES_MAX, MARKER, plan};
use proptest::prelude::*;

use super::run::desk;
use super::spec::{backup, policy, world};
use super::stand::Stand;

/// What remains of a page when all code is taken out, after every fold and fence was found closed.
#[track_caller]
fn bare(page: &str) -> String {
    assert!(page.len() <= BYTES_MAX, "{} bytes", page.len());
    assert!(page.starts_with(&format!("{MARKER}\n")), "a later run finds it");
    let (mut bare, mut open, mut fence) = (String::new(), 0_i32, None::<String>);
    for line in page.lines() {
        if let Some(ticks) = &fence {
            // A fence ends with a line of at least as many backticks and nothing else.
            if line.trim_end().chars().all(|c| c == '`') && line.trim_end().len() >= ticks.len() {
                fence = None;
            }
            continue;
        }
        if line.starts_with("```") && !line.trim_start_matches('`').contains('`') {
            fence = Some(line.chars().take_while(|c| *c == '`').collect());
            continue;
        }
        if let Some(head) = line.strip_prefix("<details><summary><b>") {
            open += 1;
            assert_eq!(open, 1, "folds do not lie in each other: {line}");
            let head = head.strip_suffix("</summary>").expect("the head ends in its line");
            // In the head code is HTML.
            for (index, piece) in head.replace("</code>", "<code>").split("<code>").enumerate() {
                assert!(index % 2 == 0 || !piece.contains(['<', '>', '"', '\'']), "{line}");
                bare.push_str(if index % 2 == 0 { piece } else { "" });
            }
            bare = bare.replace("</b>", "");
            continue;
        }
        if line == "</details>" {
            open -= 1;
            continue;
        }
        bare.push_str(&without_code(line));
        bare.push('\n');
    }
    assert_eq!((open, fence), (0, None), "all is closed\n{page}");
    bare.replace(MARKER, "").replace("<br>", " ")
}

/// A line without its code, found as a renderer finds it: a run of backticks up to the next run of the same length.
fn without_code(line: &str) -> String {
    let (mut out, mut rest) = (String::new(), line);
    while let Some(start) = rest.find('`') {
        let ticks = rest[start..].chars().take_while(|c| *c == '`').count();
        out.push_str(&rest[..start]);
        let inside = &rest[start + ticks..];
        let mut at = 0;
        let end = loop {
            let Some(next) = inside[at..].find('`') else { break None };
            let run = inside[at + next..].chars().take_while(|c| *c == '`').count();
            if run == ticks {
                break Some(at + next);
            }
            at += next + run;
        };
        let end = end.unwrap_or_else(|| panic!("a backtick is left open: {line}"));
        rest = &inside[end + ticks..];
    }
    out.push_str(rest);
    out
}

/// Nothing that others chose is left when the code is taken out.
#[track_caller]
fn check(file: &PlanFile) {
    let bare = bare(&plan(file));
    for mark in ["@", "<", ">", "[", "]", "](", "://", "!", "&", "`", "\\", "~", "_"] {
        assert!(!bare.contains(mark), "`{mark}` is in\n{bare}");
    }
    for line in bare.lines().filter(|line| line.contains('#')) {
        assert!(
            line.trim_start_matches('#').starts_with(' ') && !line.trim_start_matches('#').contains('#'),
            "{line}"
        );
    }
}

/// A text that would like to be more than text.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("@evil"),
        Just("`"),
        Just("```"),
        Just("</details>"),
        Just("<!-- evil -->"),
        Just("</code></summary><img src=evil onerror=evil>"),
        Just("[evil](http://evil.test)"),
        Just("|"),
        Just("\n"),
        Just("\r\n\n# evil"),
        Just("~~~"),
        Just("\\"),
        Just("**evil**"),
        Just("evil@example.com"),
        Just("#1"),
        Just("\u{202e}evil"),
        Just(" "),
        Just("word"),
        Just("evil/evil#3"),
        Just("&lt;"),
        Just("ä"),
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

fn reason() -> impl Strategy<Value = ReasonFile> {
    (hostile(), hostile(), hostile(), prop::sample::select(vec!["enable", "others", "exception", "everyone"]))
        .prop_map(|(policy, place, why, word)| ReasonFile {
            action_reason: word.to_owned().into(),
            policy: Some(policy),
            place,
            why: Some(why),
            until: None,
        })
}

type Texts = (String, String, String, String, String);

/// One server with so many steps, blocked changes and findings; the texts stand wherever text can.
fn server(texts: &Texts, reason: &ReasonFile, steps: usize, kinds: usize) -> ServerFile {
    let (a, b, c, d, e) = texts;
    let step = |index: usize| StepFile {
        address: format!("{a}/{b}{index}/{c}"),
        action: ActionFile::Release,
        account: Some(format!("{b}{index}@{d}")),
        service: Some(c.clone()),
        setting: None,
        before: None,
        after: None,
        secret: None,
        module: None,
        seats: 0,
        expects: Default::default(),
        needs: Vec::new(),
        reason: reason.clone(),
    };
    let many = |count: usize| 0..count;
    ServerFile {
        server: a.clone(),
        url: b.clone(),
        outcome: PlanOutcomeFile::Blocked,
        error: kinds.is_multiple_of(7).then(|| ErrorFile {
            exit: 1,
            message: c.clone(),
            remedy: Some(d.clone()),
        }),
        version: Some(e.clone()),
        reference_id: None,
        order_id: Some(d.clone()),
        licence: None,
        effects_digest: a.clone(),
        wish_digest: String::new(),
        counts: Default::default(),
        left_out: Some(kinds as u64),
        ledger: many(kinds).map(|_| ledger(a)).collect(),
        harm: many(kinds * 3)
            .map(|_| HarmFile {
                service: Some(c.clone()),
                domain: Some(d.clone()),
                protected: 1,
                message: Some(e.clone()),
                ..HarmFile::of(b.clone().into())
            })
            .collect(),
        changes: vec![GroupFile {
            action: ActionFile::Release,
            service: Some(c.clone()),
            reason: reason.clone(),
            count: steps as u64,
            domains: many(kinds).map(|_| DomainCountFile { domain: d.clone(), count: 1 }).collect(),
        }],
        steps: many(steps).map(step).collect(),
        obstacles: many(kinds)
            .map(|_| ObstacleFile {
                action: a.clone().into(),
                service: b.clone(),
                blocked_by: c.clone(),
                module: None,
                message: d.clone(),
                remedy: e.clone(),
                place: a.clone(),
                count: 3,
            })
            .collect(),
        blocked: Vec::<BlockedFile>::new(),
        held_policies: many(kinds)
            .map(|_| HeldFile {
                policy: a.clone(),
                message: b.clone(),
                place: c.clone(),
                remedy: Some(d.clone()),
            })
            .collect(),
        holds: many(kinds)
            .map(|_| HoldFile {
                kind: a.clone().into(),
                message: b.clone(),
                place: Some(c.clone()),
                remedy: d.clone(),
                accounts: vec![e.clone(), a.clone()],
                accounts_count: 9,
            })
            .collect(),
        findings: many(kinds)
            .map(|_| FindingFile {
                severity: a.clone().into(),
                code: b.clone(),
                message: c.clone(),
                places: vec![d.clone()],
                remedy: Some(e.clone()),
            })
            .collect(),
        unmanaged: Default::default(),
        accounts: Default::default(),
        calls: Default::default(),
    }
}

fn ledger(title: &str) -> LedgerFile {
    LedgerFile {
        module: title.to_owned(),
        title: title.to_owned(),
        seats: Some(1),
        unlimited: false,
        seats_source: SeatsSourceFile::Licence,
        used: Some(3),
        released: 0,
        claimed: 0,
        peak: None,
        after: None,
        free: None,
        keep_free: 1,
        over_before: Some(2),
        over_after: Some(2),
        blocked: 1,
        services: Vec::new(),
        unread: 0,
        doubtful: 0,
    }
}

fn file(servers: Vec<ServerFile>, allow: &str) -> PlanFile {
    PlanFile {
        format_version: "1.1".to_owned(),
        icewarden_version: "0".to_owned(),
        created: String::new(),
        allows: vec![AllowFile {
            guardrail: allow.to_owned(),
            value: allow.to_owned(),
            reason: allow.to_owned(),
        }],
        addresses: None,
        servers,
        narrowed: None,
        folder: None,
        sources: None,
        seal: None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_plan_holds_its_page_is_whole_within_the_limit_and_harmless(
        servers in prop::collection::vec(
            ((hostile(), hostile(), hostile(), hostile(), hostile()), reason(), 0_usize..600, 0_usize..40),
            1..6,
        ),
    ) {
        let allow = servers[0].0.0.clone();
        let servers = servers.iter().map(|(texts, reason, steps, kinds)| server(texts, reason, *steps, *kinds));
        check(&file(servers.collect(), &allow));
    }
}

/// Longer than any field can be, and more servers than anybody has.
#[test]
fn the_largest_plans_fit_and_say_what_they_hide() {
    let long = "ä<`|".repeat(500);
    let texts = (long.clone(), long.clone(), long.clone(), long.clone(), long.clone());
    let reason = ReasonFile {
        action_reason: RuleFile::Others,
        policy: Some(long.clone()),
        place: long.clone(),
        why: None,
        until: None,
    };
    for (servers, steps) in [(1, 900), (3, 100), (90, 9)] {
        let file = file(vec![server(&texts, &reason, steps, 41); servers], &long);
        check(&file);
        assert!(plan(&file).contains("not shown here"), "what is hidden is counted");
    }
}

#[test]
fn a_plan_for_a_pull_request_begins_with_what_matters() {
    let mut world = world(&[
        ("anna@example.com", &["im"]),
        ("bob@example.com", &["smtp", "sip"]),
        ("carl@example.com", &[]),
    ]);
    world.set_product("SIP", Some(1));
    let stand = Stand::of(world);
    let documents = [
        policy("off", "scope: {domains: [example.com]}\nservices: {im: disabled, smtp: disabled}"),
        policy("phones", "scope: {accounts: [carl@example.com]}\nservices: {sip: enabled, ftp: enabled}"),
        backup("keepDays: 30"),
    ];
    let ran = desk(&stand, &documents).plan(&["--format", "markdown"]).exits(3);
    bare(&ran.out);
    let mut from = 0;
    for wanted in [
        MARKER,
        "## icewarden: held back, nothing may be done",
        "### ⛔ `eu`: held back",
        "**1 claim** · **2 releases** · **1 setting** · **1 blocked**",
        "⛔ **Held back: nothing of this plan may be done.**",
        "- **mail** `spec/spec.yaml:",
        "1 account would lose smtp, and with it their mail or its archive",
        "**Next:** if this is meant: `--allow mail=smtp:1 --reason` TEXT",
        "#### Seats",
        "#### Whom it hits",
        "| ⚠️ **mail** | `smtp` | `example.com` | −1 | – | 1 |",
        "| loss | `im` | `example.com` | −1 | – | 1 |",
        "#### Blocked",
        "- **1 claim** of `sip`",
        "#### Changes: 4",
        "<details><summary><b>1 release</b> of <code>smtp</code>",
        "```diff\n- release eu/bob@example.com/smtp\n```",
        "</details>",
        "+ claim eu/carl@example.com/ftp",
        "! change eu/backup/keepDays",
    ] {
        let at = ran.out[from..]
            .find(wanted)
            .unwrap_or_else(|| panic!("`{wanted}` is not next in\n{}", &ran.out[from..]));
        from += at;
    }
    assert!(!ran.out.contains("not shown here"), "all is shown");
}
