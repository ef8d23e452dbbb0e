//! The append-only state file.
//!
//! Every line is a checksum and one committed set of changes: `<crc32 in hex> <json>`. The last line that a rewrite makes
//! says how long the file was then, so that its growth can be told after a restart. Lines are written under the store's
//! lock for writers; reaching the disk is awaited outside of it, so that callers who wait together share one `fsync`.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, BufWriter, Read as _, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};

use super::change::Change;
use crate::sync::locked;

const HEADER: &str = "finbridge-emulator-state 1\n";
/// A file below this size is not rewritten unless another size is asked for.
pub(crate) const COMPACT_FROM: u64 = 8 * 1024 * 1024;
/// Changes per line of a rewritten file: long enough to be quick, short enough to keep lines readable.
const CHANGES_PER_LINE: usize = 256;
/// A line of a rewritten file takes no further change once it has this many bytes.
const BYTES_PER_LINE: usize = 1024 * 1024;

/// Why a state file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LogError {
    #[error("reading or writing failed: {0}")]
    Io(#[from] io::Error),
    #[error("another process holds it")]
    Locked,
    #[error("it is damaged at byte {at}: {what}")]
    Corrupt { at: u64, what: String },
    #[error("an earlier write failed, so nothing more is written")]
    Broken,
}

/// The last line of a rewrite.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rewritten {
    /// Length of the file before this line.
    length: u64,
}

#[derive(Debug)]
struct Writer {
    file: Arc<File>,
    length: u64,
    /// Length after the last rewrite, or at the last one that failed.
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
    /// Opens or creates the file, takes its lock and hands over what it holds, change by change. A torn last line is cut
    /// off. The file is rewritten once it has `compact_from` bytes and twice what the last rewrite left.
    pub(crate) fn open(path: &Path, compact_from: u64, apply: impl FnMut(Change)) -> Result<Self, LogError> {
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(sibling(path, "lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LogError::Locked),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        // What a rewrite that was broken off has left is of no use.
        let _ = std::fs::remove_file(sibling(path, "new"));
        let mut file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)?;
        let whole = file.metadata()?.len();
        let Replayed { mut length, compacted } = replay(BufReader::new(&file), apply)?;
        if length < whole {
            tracing::warn!(
                bytes = whole - length,
                "the state file ended in an unfinished line, which was cut off"
            );
        }
        file.set_len(length)?;
        file.seek(SeekFrom::End(0))?;
        if length == 0 {
            file.write_all(HEADER.as_bytes())?;
            length = HEADER.len() as u64;
        }
        file.sync_all()?;
        sync_directory(path)?;
        let writer = Writer { file: Arc::new(file), length, compacted, written: 0, broken: false };
        Ok(Self {
            path: path.to_owned(),
            writer: Mutex::new(writer),
            syncing: Mutex::new(()),
            synced: AtomicU64::new(0),
            compact_from,
            _lock: lock,
        })
    }

    /// Appends one set of changes; on failure the file is as it was before.
    pub(crate) fn append(&self, changes: &[Change]) -> Result<(), LogError> {
        let line = line(&changes)?;
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

    /// Rewrites the file from `snapshot` once it has grown to twice what the last rewrite left. The caller sees to it that
    /// nothing is appended meanwhile; whoever waits for the disk goes on. After a failure the file has to grow as much
    /// again before the next attempt.
    pub(crate) fn compact_if_large(&self, snapshot: impl FnOnce() -> Vec<Change>) -> Result<(), LogError> {
        let length = {
            let writer = locked(&self.writer);
            if writer.broken || writer.length < self.compact_from.max(writer.compacted.saturating_mul(2)) {
                return Ok(());
            }
            writer.length
        };
        self.rewrite(&snapshot()).inspect_err(|_| locked(&self.writer).compacted = length)
    }

    /// Puts `changes` in place of everything in the file. A crash leaves the old content or the new one, and both are
    /// whole; the new one is on disk when this returns. The caller sees to it that nothing is appended meanwhile.
    pub(crate) fn replace(&self, changes: &[Change]) -> Result<(), LogError> {
        if locked(&self.writer).broken {
            return Err(LogError::Broken);
        }
        self.rewrite(changes)
    }

    fn rewrite(&self, changes: &[Change]) -> Result<(), LogError> {
        let fresh = sibling(&self.path, "new");
        let (file, compacted, length) = fill(&fresh, changes).inspect_err(|_| {
            // It may be what fills the disk.
            let _ = std::fs::remove_file(&fresh);
        })?;
        let mut writer = locked(&self.writer);
        std::fs::rename(&fresh, &self.path)?;
        // From here on the old file has no name, so nothing may be written to it, whatever happens next.
        writer.file = Arc::new(file);
        writer.length = length;
        writer.compacted = compacted;
        sync_directory(&self.path).inspect_err(|_| writer.broken = true)?;
        Ok(())
    }
}

/// Writes a file that holds `changes`. Also gives back its length without and with its last line.
fn fill(path: &Path, changes: &[Change]) -> Result<(File, u64, u64), LogError> {
    let file = OpenOptions::new().create(true).truncate(true).read(true).write(true).open(path)?;
    let mut text = BufWriter::new(file);
    text.write_all(HEADER.as_bytes())?;
    let mut length = HEADER.len() as u64;
    let mut rest = changes;
    while !rest.is_empty() {
        let (line, changes) = first_line(rest)?;
        text.write_all(line.as_bytes())?;
        length += line.len() as u64;
        rest = &rest[changes..];
    }
    let last = line(&Rewritten { length })?;
    text.write_all(last.as_bytes())?;
    let file = text.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    Ok((file, length, length + last.len() as u64))
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

/// The first line of a rewritten file that holds `changes`, and how many of them it takes.
fn first_line(changes: &[Change]) -> Result<(String, usize), LogError> {
    let (mut list, mut taken) = (String::from("["), 0);
    for change in changes.iter().take(CHANGES_PER_LINE) {
        if taken > 0 {
            if list.len() >= BYTES_PER_LINE {
                break;
            }
            list.push(',');
        }
        list.push_str(&json(change)?);
        taken += 1;
    }
    list.push(']');
    Ok((sealed(&list), taken))
}

fn line(content: &impl Serialize) -> Result<String, LogError> {
    Ok(sealed(&json(content)?))
}

fn json(content: &impl Serialize) -> Result<String, LogError> {
    serde_json::to_string(content).map_err(|error| LogError::Io(io::Error::other(error)))
}

/// A line with its checksum.
fn sealed(json: &str) -> String {
    format!("{:08x} {json}\n", crc32fast::hash(json.as_bytes()))
}

/// What was learnt from reading a file.
struct Replayed {
    /// Length of the part that is whole.
    length: u64,
    /// Length after the last rewrite; 0 when there was none.
    compacted: u64,
}

/// Hands over the changes of a file line by line, so that no more than one line is in memory.
fn replay(mut text: impl BufRead, mut apply: impl FnMut(Change)) -> Result<Replayed, LogError> {
    let corrupt = |at, what: String| Err(LogError::Corrupt { at, what });
    let (mut bytes, header) = (Vec::new(), HEADER.as_bytes());
    text.by_ref().take(header.len() as u64).read_to_end(&mut bytes)?;
    if bytes.len() < header.len() && header.starts_with(&bytes) {
        return Ok(Replayed { length: 0, compacted: 0 });
    }
    // A foreign file must be refused before anything is cut off.
    if bytes != header {
        return corrupt(0, "it is not a state file of this emulator".to_owned());
    }
    let mut read = Replayed { length: header.len() as u64, compacted: 0 };
    loop {
        bytes.clear();
        let size = text.read_until(b'\n', &mut bytes)? as u64;
        // Only the last line can be unfinished; its change was never answered.
        let Some(line) = bytes.strip_suffix(b"\n") else { return Ok(read) };
        let Some(json) = checked(line) else {
            if text.fill_buf()?.is_empty() {
                return Ok(read);
            }
            return corrupt(read.length, "a checksum does not match".to_owned());
        };
        let understood = if json.starts_with('{') {
            serde_json::from_str(json).map(|Rewritten { length }| read.compacted = length)
        } else {
            serde_json::from_str::<Vec<Change>>(json).map(|set| set.into_iter().for_each(&mut apply))
        };
        if let Err(error) = understood {
            return corrupt(read.length, format!("a line is not understood: {error}"));
        }
        read.length += size;
    }
}

/// The JSON of a line whose checksum holds.
fn checked(line: &[u8]) -> Option<&str> {
    let (sum, json) = std::str::from_utf8(line).ok()?.split_once(' ')?;
    (u32::from_str_radix(sum, 16).ok()? == crc32fast::hash(json.as_bytes())).then_some(json)
}

#[cfg(test)]
mod tests;
