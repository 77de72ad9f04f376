//! `icewarden sandbox`, as a process: what its switches and faults are told wrong.

use std::process::Command;

use icewarden::edge::sandbox::{FAULTS, SWITCHES};

/// How `icewarden sandbox` with these arguments ended, and what it printed; where standard error breaks its lines says
/// nothing.
fn sandbox(args: &[&str]) -> (Option<i32>, String, String) {
    let ran =
        Command::new(env!("CARGO_BIN_EXE_icewarden")).arg("sandbox").args(args).output().expect("it starts");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    let said = text(ran.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
    (ran.status.code(), text(ran.stdout), said)
}

#[test]
fn a_switch_or_fault_that_there_is_not_ends_with_64_and_names_what_there_is() {
    for (args, said) in [
        (["--switch", "U-15=later"], "U-15 has no position `later`; it has none, two-reads, twenty-reads"),
        (["--switch", "U-99=on"], "there is no switch `U-99`; there are U-1, U-2"),
        (["--switch", "U-4=other"], "U-4 is no switch: the paper knows one position"),
        (["--switch", "lag"], "`lag` is not of the form U-n=POSITION"),
        (["--fault", "explode"], "there is no fault `explode`; there are delay=MS, cut-before"),
        (["--fault", "500@nothing"], "the server has no command `nothing`"),
        (["--fault", "500@logout:0"], "`0` is no number of a call, counted from 1. The form is KIND[@"),
    ] {
        let (code, out, err) = sandbox(&args);
        assert_eq!((code, out.as_str()), (Some(64), ""), "{args:?}: {err}");
        assert!(err.contains(said), "{args:?}: {err}");
    }
}

#[test]
fn the_list_names_every_switch_and_fault_in_80_columns() {
    let (_, help, _) = sandbox(&["--help"]);
    for args in [["--switch", "list"], ["--fault", "list"]] {
        let (code, out, err) = sandbox(&args);
        assert_eq!((code, err.as_str()), (Some(0), ""));
        assert!(help.contains(out.trim_end()), "--help has no such tables");
        let names = SWITCHES.iter().flat_map(|row| row.positions).map(|position| position.name);
        for name in names.chain(FAULTS.iter().map(|(kind, _)| *kind)) {
            assert!(out.split_whitespace().any(|word| word == name), "{name} is not in the list");
        }
        let long: Vec<&str> = out.lines().filter(|line| line.chars().count() > 80).collect();
        assert!(long.is_empty(), "{long:?}");
    }
}

#[test]
fn an_address_file_is_written_over_nothing_else_and_a_fault_of_it_is_named_as_such() {
    let folder = tempfile::tempdir().expect("a folder");
    let notes = folder.path().join("notes.txt");
    std::fs::write(&notes, "mine\n").expect("a file");
    let (code, _, err) = sandbox(&["--addr-file", &notes.to_string_lossy()]);
    assert_eq!(code, Some(64), "{err}");
    assert!(err.contains("this file is no address of a sandbox, and it stays as it is"), "{err}");
    assert_eq!(std::fs::read_to_string(&notes).expect("a file"), "mine\n");
    let nowhere = folder.path().join("no/such/file");
    let (code, _, err) = sandbox(&["--addr-file", &nowhere.to_string_lossy()]);
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("no/such/file: No such file") && !err.contains("--listen"), "{err}");
}

#[test]
fn no_more_accounts_are_made_than_a_machine_can_hold() {
    let (code, _, err) = sandbox(&["--accounts", "2000001"]);
    assert_eq!(code, Some(64), "{err}");
    assert!(err.contains("2000000"), "{err}");
}
