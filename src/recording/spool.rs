//! Events put in order with bounded memory: sorted runs on disk, merged.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::lines::LINE_LIMIT;

/// How many runs are merged at a time.
const FAN_IN: usize = 64;

/// Where an event belongs. Two events at one place stay in the order of the source.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// The stream, in recordings by streams.
    pub(super) stream: String,
    /// Revision, or global position.
    pub(super) position: u64,
    /// What stands at one position: an event, then the decisions that saw it.
    pub(super) rank: u8,
    /// Which one of the source it is.
    pub(super) number: u64,
    /// Which one of those that were made of it.
    pub(super) index: u64,
}

/// One line of a recording on its way.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spooled {
    pub(super) key: Key,
    /// Its line in the source.
    pub(super) line: u64,
    /// The line of the recording.
    pub(super) text: String,
}

impl Spooled {
    /// About how much memory it takes.
    pub(super) fn size(&self) -> usize {
        self.text.capacity() + self.key.stream.capacity() + size_of::<Self>()
    }

    fn write(&self, out: &mut impl io::Write) -> io::Result<()> {
        out.write_all(&self.key.position.to_le_bytes())?;
        out.write_all(&self.key.number.to_le_bytes())?;
        out.write_all(&self.key.index.to_le_bytes())?;
        out.write_all(&self.line.to_le_bytes())?;
        out.write_all(&[self.key.rank])?;
        for text in [&self.key.stream, &self.text] {
            out.write_all(&(text.len() as u64).to_le_bytes())?;
            out.write_all(text.as_bytes())?;
        }
        Ok(())
    }

    fn read(from: &mut impl io::Read) -> io::Result<Option<Self>> {
        let mut first = [0; 8];
        let mut read = 0;
        while read < first.len() {
            match from.read(&mut first[read..])? {
                0 if read == 0 => return Ok(None),
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                more => read += more,
            }
        }
        let number = |from: &mut dyn io::Read| -> io::Result<u64> {
            let mut bytes = [0; 8];
            from.read_exact(&mut bytes)?;
            Ok(u64::from_le_bytes(bytes))
        };
        let position = u64::from_le_bytes(first);
        let place = number(from)?;
        let index = number(from)?;
        let line = number(from)?;
        let mut rank = [0];
        from.read_exact(&mut rank)?;
        let text = |from: &mut dyn io::Read| -> io::Result<String> {
            let length = number(from)?;
            // A recorded line is never much longer than the longest line that is read.
            if length > 8 * LINE_LIMIT as u64 {
                return Err(io::ErrorKind::InvalidData.into());
            }
            let mut text = String::new();
            let read = from.take(length).read_to_string(&mut text)?;
            if read as u64 == length {
                Ok(text)
            } else {
                Err(io::ErrorKind::UnexpectedEof.into())
            }
        };
        let stream = text(from)?;
        let text = text(from)?;
        Ok(Some(Self {
            key: Key {
                stream,
                position,
                rank: rank[0],
                number: place,
                index,
            },
            line,
            text,
        }))
    }
}

/// Writes a sorted run and makes sure that it is on disk.
pub(super) fn write_run(path: &Path, run: &[Spooled]) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(128 << 10, File::create(path)?);
    for spooled in run {
        spooled.write(&mut out)?;
    }
    out.into_inner()?.sync_all()
}

/// Hands out what is in `runs` on disk and in `last`, which is sorted, in order.
///
/// Where there are more runs than are merged at a time, some are first merged into one in `folder`.
pub(super) fn merge(
    folder: &Path,
    mut runs: Vec<PathBuf>,
    last: Vec<Spooled>,
    with: &mut dyn FnMut(Spooled) -> io::Result<()>,
) -> io::Result<()> {
    let mut merged = 0;
    while runs.len() > FAN_IN {
        let some: Vec<PathBuf> = runs.drain(..FAN_IN).collect();
        let path = folder.join(format!("merged-{merged}"));
        merged += 1;
        let mut out = BufWriter::with_capacity(128 << 10, File::create(&path)?);
        merge_some(&some, Vec::new(), &mut |spooled| spooled.write(&mut out))?;
        out.flush()?;
        runs.push(path);
    }
    merge_some(&runs, last, with)
}

fn merge_some(
    runs: &[PathBuf],
    last: Vec<Spooled>,
    with: &mut dyn FnMut(Spooled) -> io::Result<()>,
) -> io::Result<()> {
    let mut readers = Vec::with_capacity(runs.len());
    for run in runs {
        readers.push(BufReader::with_capacity(64 << 10, File::open(run)?));
    }
    let mut last = last.into_iter();
    let memory = readers.len();
    let mut heap = BinaryHeap::new();
    for (index, reader) in readers.iter_mut().enumerate() {
        heap.extend(Spooled::read(reader)?.map(|spooled| Reverse((spooled, index))));
    }
    heap.extend(last.next().map(|spooled| Reverse((spooled, memory))));
    while let Some(Reverse((spooled, index))) = heap.pop() {
        with(spooled)?;
        let next = match readers.get_mut(index) {
            Some(reader) => Spooled::read(reader)?,
            None => last.next(),
        };
        heap.extend(next.map(|spooled| Reverse((spooled, index))));
    }
    Ok(())
}
