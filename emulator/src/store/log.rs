//! The append-only state file.
//!
//! Every line is a checksum and one committed set of changes: `<crc32 in hex> <json>`. Lines are written under the
//! store's lock; reaching the disk is awaited outside of it, so that callers who wait together share one `fsync`.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::change::Change;
use crate::sync::locked;

const HEADER: &str = "finbridge-emulator-state 1\n";
/// A file below this size is never rewritten.
const COMPACT_FROM: u64 = 8 * 1024 * 1024;
/// Changes per line of a rewritten file: long enough to be quick, short enough to keep lines readable.
const CHANGES_PER_LINE: usize = 256;
/// A line of a rewritten file takes no further change once it carries this many bytes of attached files.
const FILE_BYTES_PER_LINE: usize = 1024 * 1024;

/// Why a state file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LogError {
    #[error("reading or writing failed: {0}")]
    Io(#[from] io::Error),
    #[error("another process holds it")]
    Locked,
    #[error("it is damaged at byte {at}: {what}")]
    Corrupt { at: usize, what: String },
    #[error("an earlier write failed, so nothing more is written")]
    Broken,
}

#[derive(Debug)]
struct Writer {
    file: Arc<File>,
    length: u64,
    /// Length after the last rewrite.
    compacted: u64,
    /// Lines written in all.
    written: u64,
    broken: bool,
}

/// An open state file.
#[derive(Debug)]
pub(crate) struct Log {
    path: PathBuf,
    writer: Mutex<Writer>,
    /// Lines known to be on disk; the lock is the queue in which callers wait for one shared `fsync`.
    syncing: Mutex<()>,
    synced: AtomicU64,
    compact_from: u64,
    /// Held as long as the log lives. A file of its own, because rewriting replaces the state file.
    _lock: File,
}

impl Log {
    /// Opens or creates the file, takes its lock and returns what it holds. A torn last line is cut off.
    pub(crate) fn open(path: &Path) -> Result<(Self, Vec<Change>), LogError> {
        Self::open_with(path, COMPACT_FROM)
    }

    fn open_with(path: &Path, compact_from: u64) -> Result<(Self, Vec<Change>), LogError> {
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(sibling(path, "lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LogError::Locked),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        let mut file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let (changes, mut valid) = replay(&bytes)?;
        if valid < bytes.len() {
            tracing::warn!(
                bytes = bytes.len() - valid,
                "the state file ended in an unfinished line, which was cut off"
            );
        }
        file.set_len(valid as u64)?;
        file.seek(SeekFrom::End(0))?;
        if valid == 0 {
            file.write_all(HEADER.as_bytes())?;
            valid = HEADER.len();
        }
        file.sync_all()?;
        sync_directory(path)?;
        let length = valid as u64;
        let writer = Writer { file: Arc::new(file), length, compacted: length, written: 0, broken: false };
        let log = Self {
            path: path.to_owned(),
            writer: Mutex::new(writer),
            syncing: Mutex::new(()),
            synced: AtomicU64::new(0),
            compact_from,
            _lock: lock,
        };
        Ok((log, changes))
    }

    /// Appends one set of changes; on failure the file is as it was before.
    pub(crate) fn append(&self, changes: &[Change]) -> Result<(), LogError> {
        let line = line(changes)?;
        let mut writer = locked(&self.writer);
        if writer.broken {
            return Err(LogError::Broken);
        }
        if let Err(error) = (&*writer.file).write_all(line.as_bytes()) {
            let length = writer.length;
            let restored = writer.file.set_len(length).and_then(|()| (&*writer.file).seek(SeekFrom::End(0)));
            writer.broken = restored.is_err();
            return Err(error.into());
        }
        writer.length += line.len() as u64;
        writer.written += 1;
        Ok(())
    }

    /// Waits until all lines written so far are on disk.
    pub(crate) fn settle(&self) -> Result<(), LogError> {
        let wanted = {
            let writer = locked(&self.writer);
            if writer.broken {
                return Err(LogError::Broken);
            }
            writer.written
        };
        if self.synced.load(Ordering::Acquire) >= wanted {
            return Ok(());
        }
        let _turn = locked(&self.syncing);
        if self.synced.load(Ordering::Acquire) >= wanted {
            return Ok(());
        }
        let (file, written) = {
            let writer = locked(&self.writer);
            (Arc::clone(&writer.file), writer.written)
        };
        if let Err(error) = file.sync_data() {
            // After a failed fsync the kernel may have dropped the pages: nothing written later could be trusted.
            locked(&self.writer).broken = true;
            return Err(error.into());
        }
        self.synced.store(written, Ordering::Release);
        Ok(())
    }

    /// Rewrites the file from `snapshot` once it has grown to twice what the last rewrite left.
    pub(crate) fn compact_if_large(&self, snapshot: impl FnOnce() -> Vec<Change>) -> Result<(), LogError> {
        let mut writer = locked(&self.writer);
        if writer.length < self.compact_from.max(writer.compacted.saturating_mul(2)) {
            return Ok(());
        }
        self.rewrite(&mut writer, &snapshot())
    }

    /// Puts `changes` in place of everything in the file. A crash leaves the old content or the new one, and both are
    /// whole; the new one is on disk when this returns.
    pub(crate) fn replace(&self, changes: &[Change]) -> Result<(), LogError> {
        let mut writer = locked(&self.writer);
        if writer.broken {
            return Err(LogError::Broken);
        }
        self.rewrite(&mut writer, changes)
    }

    fn rewrite(&self, writer: &mut Writer, changes: &[Change]) -> Result<(), LogError> {
        let fresh = sibling(&self.path, "new");
        let file = OpenOptions::new().create(true).truncate(true).read(true).write(true).open(&fresh)?;
        let mut text = BufWriter::new(file);
        text.write_all(HEADER.as_bytes())?;
        let mut length = HEADER.len() as u64;
        let mut rest = changes;
        while !rest.is_empty() {
            let (changes, after) = rest.split_at(line_length(rest));
            let line = line(changes)?;
            text.write_all(line.as_bytes())?;
            length += line.len() as u64;
            rest = after;
        }
        let file = text.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        std::fs::rename(&fresh, &self.path)?;
        // From here on the old file has no name, so nothing may be written to it, whatever happens next.
        writer.file = Arc::new(file);
        writer.length = length;
        writer.compacted = length;
        sync_directory(&self.path).inspect_err(|_| writer.broken = true)?;
        Ok(())
    }
}

fn sibling(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    PathBuf::from(name)
}

/// A new or renamed name is durable only once its directory is.
fn sync_directory(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent)?.sync_all()
}

/// How many of the changes make up the next line of a rewritten file.
fn line_length(changes: &[Change]) -> usize {
    let mut bytes = 0;
    let fits = |change: &&Change| {
        let fits = bytes < FILE_BYTES_PER_LINE;
        bytes += if let Change::File { bytes, .. } = change { bytes.len() } else { 0 };
        fits
    };
    changes.iter().take(CHANGES_PER_LINE).take_while(fits).count()
}

fn line(changes: &[Change]) -> Result<String, LogError> {
    let json = serde_json::to_string(changes).map_err(|error| LogError::Io(io::Error::other(error)))?;
    Ok(format!("{:08x} {json}\n", crc32fast::hash(json.as_bytes())))
}

/// The changes in `bytes` and the length of the part that is whole.
fn replay(bytes: &[u8]) -> Result<(Vec<Change>, usize), LogError> {
    let header = HEADER.as_bytes();
    if bytes.len() < header.len() && header.starts_with(bytes) {
        return Ok((Vec::new(), 0));
    }
    // A foreign file must be refused before anything is cut off.
    if !bytes.starts_with(header) {
        return Err(LogError::Corrupt { at: 0, what: "it is not a state file of this emulator".to_owned() });
    }
    let mut changes = Vec::new();
    let mut at = header.len();
    while at < bytes.len() {
        let rest = &bytes[at..];
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else { break };
        let Some(json) = checked(&rest[..end]) else {
            // Only the last line can be unfinished; its change was never answered.
            if at + end + 1 == bytes.len() {
                break;
            }
            return Err(LogError::Corrupt { at, what: "a checksum does not match".to_owned() });
        };
        let set: Vec<Change> = serde_json::from_str(json)
            .map_err(|error| LogError::Corrupt { at, what: format!("a line is not understood: {error}") })?;
        changes.extend(set);
        at += end + 1;
    }
    Ok((changes, at))
}

/// The JSON of a line whose checksum holds.
fn checked(line: &[u8]) -> Option<&str> {
    let (sum, json) = std::str::from_utf8(line).ok()?.split_once(' ')?;
    (u32::from_str_radix(sum, 16).ok()? == crc32fast::hash(json.as_bytes())).then_some(json)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("finbridge-emulator-log-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(&dir).unwrap();
        dir.join("state.log")
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
            let (log, _) = Log::open(&path).unwrap();
            log.append(&[Change::NextId(1)]).unwrap();
            log.append(&[Change::NextId(2)]).unwrap();
            log.settle().unwrap();
        }
        let whole = std::fs::read(&path).unwrap();
        let first = whole.len() - line(&[Change::NextId(2)]).unwrap().len();
        for cut in first..whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let (log, changes) = Log::open(&path).unwrap();
            assert_eq!(ids(&changes), [1], "cut at {cut}");
            log.append(&[Change::NextId(3)]).unwrap();
            drop(log);
            assert_eq!(ids(&Log::open(&path).unwrap().1), [1, 3]);
        }
    }

    #[test]
    fn damage_before_the_end_and_foreign_files_are_refused() {
        let path = scratch("damage");
        {
            let (log, _) = Log::open(&path).unwrap();
            log.append(&[Change::NextId(1)]).unwrap();
            log.append(&[Change::NextId(2)]).unwrap();
        }
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[HEADER.len() + 12] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        assert!(matches!(Log::open(&path), Err(LogError::Corrupt { .. })));
        std::fs::write(&path, "a letter to a friend").unwrap();
        assert!(matches!(Log::open(&path), Err(LogError::Corrupt { at: 0, .. })));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "a letter to a friend");
    }

    #[test]
    fn a_large_log_is_rewritten_and_goes_on() {
        let path = scratch("compact");
        let (log, _) = Log::open_with(&path, 2_000).unwrap();
        for id in 0..500 {
            log.append(&[Change::NextId(id)]).unwrap();
            log.compact_if_large(|| vec![Change::NextId(id)]).unwrap();
            log.settle().unwrap();
        }
        assert!(std::fs::metadata(&path).unwrap().len() < 2_100);
        drop(log);
        assert_eq!(ids(&Log::open(&path).unwrap().1).last(), Some(&499));
    }

    #[test]
    fn what_is_put_in_place_of_everything_stays_and_is_gone_on_from() {
        let path = scratch("replace");
        let (log, _) = Log::open(&path).unwrap();
        log.append(&[Change::NextId(1)]).unwrap();
        // More than fit into one line, and a rest of an attempt that was broken off.
        std::fs::write(sibling(&path, "new"), "half a file").unwrap();
        let changes: Vec<Change> = (10..10 + 2 * CHANGES_PER_LINE as u64).map(Change::NextId).collect();
        log.replace(&changes).unwrap();
        log.append(&[Change::NextId(2)]).unwrap();
        log.settle().unwrap();
        drop(log);
        let found = ids(&Log::open(&path).unwrap().1);
        assert_eq!((found.len(), found.first(), found.last()), (changes.len() + 1, Some(&10), Some(&2)));
    }

    #[test]
    fn a_second_holder_is_refused() {
        let path = scratch("lock");
        let (_held, _) = Log::open(&path).unwrap();
        assert!(matches!(Log::open(&path), Err(LogError::Locked)));
    }
}
