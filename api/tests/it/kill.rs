//! kill -9 at random moments of the first start: whatever was under way is finished by a later start, once.

use std::hash::{BuildHasher, RandomState};
use std::process::Stdio;
use std::time::Duration;

use crate::harness::{Ports, Product, command};

/// Kills of one data folder.
const KILLS: u64 = 5;

/// A whole first start takes about this long in a debug build; later kills find less left to do.
const SPAN: u64 = 6_000;

async fn killed_again_and_again(round: u64) {
    let folder = tempfile::tempdir().expect("a folder");
    let ports = Ports::free();
    for kill in 0..KILLS {
        let moment = RandomState::new().hash_one((round, kill)) % SPAN;
        println!("round {round}: kill {kill} after {moment} ms");
        let mut doomed = command(folder.path(), ports);
        let mut child =
            doomed.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
        std::thread::sleep(Duration::from_millis(moment));
        child.kill().expect("SIGKILL is sent");
        child.wait().expect("it is dead");
    }
    let survivor = Product::start(folder.path(), ports);
    survivor.check_sample().await;
    survivor.stop();
}

macro_rules! rounds {
    ($($name:ident = $round:literal,)+) => {
        $(#[tokio::test]
        async fn $name() {
            killed_again_and_again($round).await;
        })+
    };
}

// Twenty kills in all.
rounds! {
    kill_round_1 = 1,
    kill_round_2 = 2,
    kill_round_3 = 3,
    kill_round_4 = 4,
}
