//! What a state file keeps, and what it refuses.

use super::*;

fn scratch(name: &str) -> PathBuf {
    let dir = std::env::temp_dir().join(format!("finbridge-emulator-log-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).unwrap();
    dir.join("state.log")
}

fn opened_with(path: &Path, compact_from: u64) -> Result<(Log, Vec<Change>), LogError> {
    let mut changes = Vec::new();
    Log::open(path, compact_from, |change| changes.push(change)).map(|log| (log, changes))
}

fn opened(path: &Path) -> Result<(Log, Vec<Change>), LogError> {
    opened_with(path, COMPACT_FROM)
}

fn ids(changes: &[Change]) -> Vec<u64> {
    changes
        .iter()
        .filter_map(|change| if let Change::NextId(id) = change { Some(*id) } else { None })
        .collect()
}

#[test]
fn every_cut_of_the_last_line_is_tolerated() {
    let path = scratch("cut");
    {
        let (log, _) = opened(&path).unwrap();
        log.append(&[Change::NextId(1)]).unwrap();
        log.append(&[Change::NextId(2)]).unwrap();
        log.settle().unwrap();
    }
    let whole = std::fs::read(&path).unwrap();
    let first = whole.len() - line(&[Change::NextId(2)]).unwrap().len();
    for cut in first..whole.len() {
        std::fs::write(&path, &whole[..cut]).unwrap();
        let (log, changes) = opened(&path).unwrap();
        assert_eq!(ids(&changes), [1], "cut at {cut}");
        log.append(&[Change::NextId(3)]).unwrap();
        drop(log);
        assert_eq!(ids(&opened(&path).unwrap().1), [1, 3]);
    }
}

#[test]
fn damage_before_the_end_and_foreign_files_are_refused() {
    let path = scratch("damage");
    {
        let (log, _) = opened(&path).unwrap();
        log.append(&[Change::NextId(1)]).unwrap();
        log.append(&[Change::NextId(2)]).unwrap();
    }
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[HEADER.len() + 12] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    assert!(matches!(opened(&path), Err(LogError::Corrupt { .. })));
    std::fs::write(&path, "a letter to a friend").unwrap();
    assert!(matches!(opened(&path), Err(LogError::Corrupt { at: 0, .. })));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "a letter to a friend");
}

#[test]
fn a_large_log_is_rewritten_and_goes_on() {
    let path = scratch("compact");
    let (log, _) = opened_with(&path, 2_000).unwrap();
    for id in 0..500 {
        log.append(&[Change::NextId(id)]).unwrap();
        log.compact_if_large(|| vec![Change::NextId(id)]).unwrap();
        log.settle().unwrap();
    }
    assert!(std::fs::metadata(&path).unwrap().len() < 2_100);
    drop(log);
    assert_eq!(ids(&opened(&path).unwrap().1).last(), Some(&499));
}

#[test]
fn what_is_put_in_place_of_everything_stays_and_is_gone_on_from() {
    let path = scratch("replace");
    let (log, _) = opened(&path).unwrap();
    log.append(&[Change::NextId(1)]).unwrap();
    // More than fit into one line, and a rest of an attempt that was broken off.
    std::fs::write(sibling(&path, "new"), "half a file").unwrap();
    let changes: Vec<Change> = (10..10 + 2 * CHANGES_PER_LINE as u64).map(Change::NextId).collect();
    log.replace(&changes).unwrap();
    log.append(&[Change::NextId(2)]).unwrap();
    log.settle().unwrap();
    drop(log);
    let found = ids(&opened(&path).unwrap().1);
    assert_eq!((found.len(), found.first(), found.last()), (changes.len() + 1, Some(&10), Some(&2)));
}

#[test]
fn lines_of_a_rewritten_file_are_bounded_by_what_their_changes_hold() {
    let path = scratch("lines");
    let (log, _) = opened(&path).unwrap();
    let large = || {
        let members = serde_json::json!({"notes": "x".repeat(300_000)});
        let record = serde_json::json!({"kind": "item", "id": 1, "members": members, "created": "2026-01-05T20:06:10Z",
            "modified": "2026-01-05T20:06:10Z", "created_by": ""});
        let change = serde_json::json!({"record": {"organization_id": "1", "record": record}});
        serde_json::from_str::<Change>(&change.to_string()).unwrap()
    };
    log.replace(&(0..10).map(|_| large()).collect::<Vec<_>>()).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let lengths: Vec<usize> = text.lines().map(str::len).filter(|length| *length > 1000).collect();
    assert_eq!(lengths.len(), 3);
    assert!(lengths.iter().all(|length| *length < BYTES_PER_LINE + 310_000), "{lengths:?}");
    drop(log);
    assert_eq!(opened(&path).unwrap().1.len(), 10);
}

#[test]
fn a_second_holder_is_refused() {
    let path = scratch("lock");
    let (_held, _) = opened(&path).unwrap();
    assert!(matches!(opened(&path), Err(LogError::Locked)));
}

#[test]
fn growth_is_told_from_the_last_rewrite_also_after_a_restart() {
    let path = scratch("reopened");
    let size = || std::fs::metadata(&path).unwrap().len();
    // Each holder goes before the file has doubled, so that one who forgot the last rewrite would never make another.
    for round in 0..40 {
        let (log, _) = opened_with(&path, 2_000).unwrap();
        for id in 0..30 {
            log.append(&[Change::NextId(round * 30 + id)]).unwrap();
            log.compact_if_large(|| vec![Change::NextId(round * 30 + id)]).unwrap();
        }
    }
    assert!(size() < 2_100, "{}", size());
    assert_eq!(ids(&opened(&path).unwrap().1).last(), Some(&(40 * 30 - 1)));
}

#[test]
fn a_failed_rewrite_waits_until_the_file_has_grown_as_much_again() {
    let path = scratch("failed");
    let (log, _) = opened_with(&path, 2_000).unwrap();
    // A directory in the way of the new file.
    std::fs::create_dir(sibling(&path, "new")).unwrap();
    let (mut tried, mut first) = (0, 0);
    let length = || std::fs::metadata(&path).unwrap().len();
    while length() < 7_000 {
        log.append(&[Change::NextId(1)]).unwrap();
        if log.compact_if_large(|| vec![Change::NextId(1)]).is_err() {
            tried += 1;
            first = if tried == 1 { length() } else { first };
        }
    }
    assert!((2_000..2_100).contains(&first) && tried == 2, "{tried} attempts, the first at {first}");
    std::fs::remove_dir(sibling(&path, "new")).unwrap();
    while length() > 2_000 {
        log.append(&[Change::NextId(2)]).unwrap();
        log.compact_if_large(|| vec![Change::NextId(2)]).unwrap();
    }
    log.settle().unwrap();
    drop(log);
    assert_eq!(ids(&opened(&path).unwrap().1).last(), Some(&2));
}
