//! `lifecycle` against the tables that were written by hand from the licence manual's facts.

use std::path::Path;

use icewarden::lifecycle::attempts::{left, parallel_until};
use icewarden::lifecycle::renewal::{Midnight, at_midnight, ends_soon, gap_in, nearly_full, notice};
use icewarden::lifecycle::traffic::{Traffic, traffic};
use icewarden::lifecycle::trial::{Access, access, beyond_seats};
use icewarden::lifecycle::validity::{
    Answer, At, Happening, LOGGED_AT_THE_END, Phase, Recipient, Terms, Validity,
};
use icewarden::lifecycle::{Licensed, Standing, standing};
use jiff::civil::{Date, DateTime};

/// The rows of a file, each with its columns.
fn rows(name: &str, columns: &[&str]) -> Vec<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/timelines").join(format!("{name}.timeline"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut lines = text.lines();
    assert!(lines.next().is_some_and(|line| line.starts_with("# ")), "{name} says what it shows");
    assert!(lines.next().is_some_and(|line| line.starts_with("# source: ")), "{name} says its source");
    let cells = |line: &str| -> Vec<String> {
        line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect()
    };
    assert_eq!(
        lines.next().map(cells),
        Some(columns.iter().map(|name| (*name).to_owned()).collect()),
        "{name}"
    );
    let rows: Vec<Vec<String>> = lines.map(cells).collect();
    assert!(rows.len() > 8 && rows.iter().all(|row| row.len() == columns.len()), "{name}: {rows:?}");
    rows
}

fn date(text: &str) -> Option<Date> {
    (text != "-").then(|| text.parse().unwrap_or_else(|error| panic!("{text}: {error}")))
}

#[test]
fn every_timeline_is_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/timelines");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .expect("tests/timelines")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let read = ["beyond", "mismatch", "periods", "renewal", "status", "trial", "validity"];
    let mut wanted: Vec<String> = read.iter().map(|name| format!("{name}.timeline")).collect();
    wanted.insert(0, "README.md".to_owned());
    assert_eq!(names, wanted);
}

#[test]
fn tri_2_a_trial_lasts_fourteen_days_from_the_first_access() {
    for row in rows("trial", &["first", "today", "access", "turns"]) {
        let [first, today, word, turns] = row.each_of();
        let wanted = match (word, date(turns)) {
            ("waiting", None) => Access::NotStarted,
            ("trial", Some(until)) => Access::Trial { until },
            ("refused", Some(since)) => Access::Refused { since },
            _ => panic!("{row:?}"),
        };
        assert_eq!(access(date(first), date(today).expect("a day")), wanted, "{row:?}");
    }
}

#[test]
fn lic_4_only_a_status_that_is_read_as_0_or_the_1_of_an_evaluation_opens_the_server() {
    for row in rows("status", &["status", "licence", "changes", "told as"]) {
        let [status, licence, changes, words] = row.each_of();
        let licensed = if licence == "full" { Licensed::Full } else { Licensed::Evaluation };
        let read = if status == "-" { Err("nobody knows") } else { Ok(status.parse().expect("a number")) };
        match (standing(read, licensed), changes) {
            (Standing::Open, "open") => assert_eq!(words, "-"),
            (Standing::Closed(why), "closed") => assert!(why.contains(words), "{row:?}: {why}"),
            (other, _) => panic!("{row:?}: {other:?}"),
        }
    }
}

/// A licence's phase, status and changes, as a row says them.
fn stands(licence: &Validity) -> (&'static str, String, &'static str) {
    let phase = match licence.phase {
        Phase::Valid { .. } => "valid",
        Phase::Failing { .. } => "failing",
        Phase::Emergency { .. } => "emergency",
        Phase::Mismatch { .. } => "mismatch",
        Phase::Ended { .. } => "ended",
    };
    let changes = if licence.takes_changes() { "open" } else { "closed" };
    (phase, licence.status().to_string(), changes)
}

/// What happened, the same things counted: `10 failed, mail at 12 h`.
fn told(happened: &[At]) -> String {
    use Recipient::{LicenceHolder, Postmaster, Vendor};
    let mut words: Vec<(String, usize)> = Vec::new();
    for (_, happening) in happened {
        let word = match happening {
            Happening::Revalidated => "revalidated".to_owned(),
            Happening::RevalidationFailed => "failed".to_owned(),
            Happening::FailureMailed { hours, to } => {
                assert_eq!(*to, [Postmaster, LicenceHolder], "REV-2");
                format!("mail at {hours} h")
            }
            Happening::EmergencyBegins { .. } => "emergency".to_owned(),
            Happening::EndLogged { line, to } => {
                assert_eq!(
                    (*line, *to),
                    (LOGGED_AT_THE_END, &[Postmaster, LicenceHolder, Vendor][..]),
                    "REV-5"
                );
                "logged".to_owned()
            }
            Happening::Ended => "ended".to_owned(),
            Happening::ServicesStopped => "stopped".to_owned(),
        };
        match words.iter_mut().find(|(known, _)| *known == word) {
            Some((_, count)) => *count += 1,
            None => words.push((word, 1)),
        }
    }
    let counted = |(word, count): &(String, usize)| match count {
        1 => word.clone(),
        _ => format!("{count} {word}"),
    };
    if words.is_empty() { "-".to_owned() } else { words.iter().map(counted).collect::<Vec<_>>().join(", ") }
}

fn moment(text: &str) -> DateTime {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn answer(word: &str) -> Answer {
    match word {
        "key" => Answer::Key,
        "nothing" => Answer::Nothing,
        _ => panic!("{word}"),
    }
}

/// Begins a life with a row that says so, else takes the licence to the moment of the row; tells what happened.
fn goes_on(licence: &mut Option<Validity>, word: &str, begun: Validity) -> String {
    if matches!(word, "issued" | "found") {
        *licence = Some(begun);
        return "-".to_owned();
    }
    told(&licence.as_mut().expect("a life has a beginning").advance(begun.now, answer(word)))
}

#[test]
fn rev_1_rev_2_rev_3_rev_4_rev_5_a_licence_that_cannot_be_re_validated_ends_step_by_step() {
    let mut licence: Option<Validity> = None;
    let columns = ["grace", "ends", "until", "answer", "phase", "status", "changes", "told"];
    for row in rows("validity", &columns) {
        let [grace, ends, until, word, phase, status, changes, happened] = row.each_of();
        let at = moment(until);
        let terms =
            Terms { grace_days: grace.parse().expect("days"), ends: (ends != "-").then(|| moment(ends)) };
        let told = goes_on(&mut licence, word, Validity::issued(terms, at));
        let licence = licence.as_ref().expect("it was issued");
        assert_eq!(licence.terms, terms, "{row:?}");
        assert_eq!(
            (stands(licence), told.as_str()),
            ((phase, status.to_owned(), changes), happened),
            "{row:?}"
        );
    }
}

#[test]
fn lic_2_lic_4_a_licence_on_a_strange_machine_lasts_seven_days() {
    let mut licence: Option<Validity> = None;
    for row in rows("mismatch", &["until", "answer", "phase", "status", "changes", "told"]) {
        let [until, word, phase, status, changes, happened] = row.each_of();
        let told = goes_on(&mut licence, word, Validity::mismatched(Terms::STANDARD, moment(until)));
        let licence = licence.as_ref().expect("it was found");
        assert_eq!(
            (stands(licence), told.as_str()),
            ((phase, status.to_owned(), changes), happened),
            "{row:?}"
        );
    }
}

#[test]
fn ren_1_ren_3_ren_4_a_service_stops_only_where_its_negative_number_differs_from_another() {
    for row in rows("renewal", &["renewal", "midnight", "first stop in days"]) {
        let [numbers, midnight, first] = row.each_of();
        let numbers: Vec<Option<i64>> =
            numbers.split(' ').map(|number| (number != "?").then(|| number.parse().expect("days"))).collect();
        let words = |each: &Midnight| match each {
            Midnight::Runs => "runs",
            Midnight::Stops => "stops",
            Midnight::MayStop => "may",
        };
        assert_eq!(
            at_midnight(&numbers).iter().map(words).collect::<Vec<_>>().join(" "),
            midnight,
            "{row:?}"
        );
        let days = gap_in(&numbers)
            .iter()
            .map(|days| days.map_or("-".to_owned(), |days| days.to_string()))
            .collect::<Vec<_>>();
        assert_eq!(days.join(" "), first, "{row:?}");
        // Each day is a day: the first midnight that stops a service is as many days ahead as was said.
        for (at, first) in gap_in(&numbers).iter().enumerate() {
            let on = |day: i64| {
                at_midnight(&numbers.iter().map(|own| own.map(|own| own - day)).collect::<Vec<_>>())[at]
            };
            if let Some(first) = first {
                assert_eq!(on(*first), Midnight::Stops, "{row:?}");
                assert!(*first == 0 || on(first - 1) != Midnight::Stops, "{row:?}");
            } else {
                assert_ne!(on(1_000), Midnight::Stops, "{row:?}");
            }
        }
    }
}

#[test]
fn seat_6_act_4_smtp_1_smtp_2_limits_hold_at_their_edge() {
    let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
    let number = |text: &str| text.parse::<i64>().unwrap_or_else(|error| panic!("{text}: {error}"));
    let count = |text: &str| text.parse::<u64>().unwrap_or_else(|error| panic!("{text}: {error}"));
    for row in rows("periods", &["what", "given", "is"]) {
        let [what, given, is] = row.each_of();
        let found = match what {
            "notice" => notice(number(given)).map_or("-".to_owned(), |days| days.to_string()),
            "ends soon" => yes(ends_soon(number(given))),
            "nearly full" => {
                let (used, seats) = given.split_once(" of ").expect("used of seats");
                yes(nearly_full(count(used), count(seats)))
            }
            "attempts left" => left(given.parse().expect("a count")).to_string(),
            "parallel until" => parallel_until(date(given).expect("a day")).to_string(),
            "delayed" => yes(traffic(count(given)) == Traffic::MayBeDelayed),
            _ => panic!("{row:?}"),
        };
        assert_eq!(found, is, "{row:?}");
    }
}

#[test]
fn tri_3_the_midnight_list_has_whoever_came_when_no_seat_was_free() {
    for row in rows("beyond", &["seats", "came", "today", "beyond"]) {
        let [seats, came, today, wanted] = row.each_of();
        let day = |text: &str| format!("2027-{text}").parse::<Date>().expect("a day");
        let came = came.split(' ').map(|first| ("a name", (first != "-").then(|| day(first))));
        let found = beyond_seats(seats.parse().expect("seats"), came, date(today).expect("a day"));
        let word = |(_, access): &(&str, Access)| match access {
            Access::NotStarted => "waiting".to_owned(),
            Access::Trial { until } => format!("trial {}", until.strftime("%m-%d")),
            Access::Refused { since } => format!("refused {}", since.strftime("%m-%d")),
        };
        let found: Vec<String> = found.iter().map(word).collect();
        assert_eq!(if found.is_empty() { "-".to_owned() } else { found.join(", ") }, wanted, "{row:?}");
    }
}

/// The columns of a row by name.
trait EachOf {
    fn each_of<const N: usize>(&self) -> [&str; N];
}

impl EachOf for Vec<String> {
    fn each_of<const N: usize>(&self) -> [&str; N] {
        std::array::from_fn(|index| self[index].as_str())
    }
}
