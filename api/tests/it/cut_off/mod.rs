//! kill -9 in the middle of a run both ways: whatever two calls lie on either side of the cut, nothing is lost, nothing is
//! made twice, and history says what happened.

mod scene;

use std::time::Duration;

use scene::Scene;

/// Kills of one run.
const KILLS: u64 = 10;

/// Most calls between two kills: with all kills, fewer than the run takes.
const MOST_CALLS: u64 = 10;

/// Longest between a call and the kill after it, in microseconds: an answer is read and noted in that time.
const LONGEST_PAUSE: u64 = 8_000;

/// How soon another worker goes on after one died: its lease is over after 30 seconds, and then somebody has to look.
const TAKE_OVER: Duration = Duration::from_secs(40);

/// A number that follows from these two, and says nothing of them (splitmix64).
fn mixed(round: u64, draw: u64) -> u64 {
    let mut mixed = ((round << 32) | draw).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

async fn killed_again_and_again(round: u64) {
    let scene = Scene::open(None).await;
    let mut server = scene.spawn(&["serve"]);
    scene.prepare().await;
    let run = scene.start_run().await;
    for kill in 0..KILLS {
        let calls = 1 + mixed(round, 2 * kill) % MOST_CALLS;
        let pause = mixed(round, 2 * kill + 1) % LONGEST_PAUSE;
        println!("round {round}: kill {kill} {pause} µs after {calls} more calls");
        scene.more_calls(usize::try_from(calls).expect("a small number")).await;
        tokio::time::sleep(Duration::from_micros(pause)).await;
        server.kill();
        server = scene.spawn(&["serve"]);
    }
    scene.check(&run).await;
}

macro_rules! rounds {
    ($($name:ident = $round:literal,)+) => {
        $(#[tokio::test]
        async fn $name() {
            killed_again_and_again($round).await;
        })+
    };
}

// A hundred kills in all, each at a moment that follows from its round.
rounds! {
    round_1_both_ways = 1,
    round_2_both_ways = 2,
    round_3_both_ways = 3,
    round_4_both_ways = 4,
    round_5_both_ways = 5,
    round_6_both_ways = 6,
    round_7_both_ways = 7,
    round_8_both_ways = 8,
    round_9_both_ways = 9,
    round_10_both_ways = 10,
}

/// Whichever of the two has the run when the first dies, one of both kills hits the one that has it.
#[tokio::test]
async fn of_two_workers_each_outlives_the_other() {
    let scene = Scene::open(Some(scene::new_postgres_database().await)).await;
    let _server = scene.spawn(&["serve", "--no-worker"]);
    scene.prepare().await;
    // Slow enough that the run is not over before both kills.
    scene.slow_down(Duration::from_millis(60));
    let (mut first, mut second) = (scene.spawn(&["worker"]), scene.spawn(&["worker"]));
    let run = scene.start_run().await;
    scene.more_calls(15).await;
    first.kill();
    scene.goes_on_within(TAKE_OVER).await;
    let _third = scene.spawn(&["worker"]);
    scene.more_calls(10).await;
    second.kill();
    scene.goes_on_within(TAKE_OVER).await;
    scene.check(&run).await;
}
