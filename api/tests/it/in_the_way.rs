//! What can be in the way of a start: each a clear sentence with the remedy, and nothing left behind.

use std::net::TcpListener;
use std::process::Command;

use crate::harness::{Ports, Product, command};

/// Runs a start that must fail and returns what it said.
fn complaint(mut command: Command) -> String {
    let output = command.output().expect("the program runs");
    assert!(!output.status.success());
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.starts_with("error: ") && !text.contains("panicked"), "{text}");
    text
}

#[test]
fn taken_ports_are_named_with_the_setting_that_changes_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let text = complaint(command(folder.path(), Ports { server: port, ..Ports::free() }));
    assert!(text.contains(&port.to_string()) && text.contains("FINBRIDGE_SERVER_LISTEN"), "{text}");
    let text = complaint(command(folder.path(), Ports { emulator: port, ..Ports::free() }));
    assert!(text.contains(&port.to_string()) && text.contains("FINBRIDGE_EMULATOR_LISTEN"), "{text}");
}

#[test]
fn a_folder_that_cannot_be_written_is_named_with_the_setting_that_changes_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a-file");
    std::fs::write(&file, "").expect("a file");
    // Not even root can make a folder below a file.
    let text = complaint(command(&file.join("data"), Ports::free()));
    assert!(text.contains("a-file") && text.contains("FINBRIDGE_DATA_DIR"), "{text}");
}

#[test]
fn a_second_process_on_the_same_file_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = Product::start(folder.path(), Ports::free());
    for subcommand in [None, Some("serve"), Some("worker")] {
        let mut second = command(folder.path(), Ports::free());
        second.args(subcommand);
        let text = complaint(second);
        assert!(text.contains("another Finbridge process") && text.contains("PostgreSQL"), "{text}");
    }
    first.stop();
}

#[test]
fn unknown_settings_are_refused_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut mistyped = command(folder.path(), Ports::free());
    mistyped.env("FINBRIDGE_SERVER_LISEN", "127.0.0.1:1");
    assert!(complaint(mistyped).contains("FINBRIDGE_SERVER_LISEN"));
}
