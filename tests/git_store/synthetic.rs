//! A small repository with everything odd in it, the same on every machine.

use crate::git::Git;

/// The id of its newest commit.
pub const HEAD: &str = "d9c9f35bfdda772c5c1ff4977609e2278f317d7e";

/// The paths whose mode changes while they stay.
pub const CHANGED_MODES: [&str; 3] = ["evil.txt", "link", "tool.sh"];

/// Writes what `git fast-import` reads.
#[derive(Default)]
struct Import {
    text: Vec<u8>,
    commits: u64,
}

impl Import {
    /// Begins a commit on `branch` and gives its mark. Without parents it is the first.
    fn commit(&mut self, branch: &str, parents: &[u64]) -> u64 {
        self.commits += 1;
        let number = self.commits;
        let time = 1_700_000_000 + number;
        self.line(&format!("commit refs/heads/{branch}"));
        self.line(&format!("mark :{number}"));
        self.line(&format!("author A <a@example.org> {time} +0000"));
        self.line(&format!("committer C <c@example.org> {time} +0000"));
        self.data(&format!("commit {number}"));
        for (index, parent) in parents.iter().enumerate() {
            self.line(&format!(
                "{} :{parent}",
                if index == 0 { "from" } else { "merge" }
            ));
        }
        number
    }

    fn file(&mut self, mode: &str, path: &[u8], content: &str) {
        self.line(&format!("M {mode} inline {}", quoted(path)));
        self.data(content);
    }

    fn submodule(&mut self, path: &[u8], commit: &str) {
        self.line(&format!("M 160000 {commit} {}", quoted(path)));
    }

    fn delete(&mut self, path: &[u8]) {
        self.line(&format!("D {}", quoted(path)));
    }

    fn rename(&mut self, from: &[u8], to: &[u8]) {
        self.line(&format!("R {} {}", quoted(from), quoted(to)));
    }

    fn line(&mut self, line: &str) {
        self.text.extend_from_slice(line.as_bytes());
        self.text.push(b'\n');
    }

    fn data(&mut self, content: &str) {
        self.line(&format!("data {}", content.len()));
        self.line(content);
    }
}

/// A path as fast-import reads it, every byte escaped.
fn quoted(path: &[u8]) -> String {
    let escaped: Vec<_> = path.iter().map(|byte| format!("\\{byte:03o}")).collect();
    format!("\"{}\"", escaped.concat())
}

/// Enough text for a rename to be seen, and told apart from other files.
fn long(name: &str) -> String {
    let lines: Vec<_> = (0..40)
        .map(|line| format!("{name} has a line {line}\n"))
        .collect();
    lines.concat()
}

const NEWLINE: &[u8] = b"line\nbreak.txt";
const NOT_UTF8: &[u8] = b"not\xffutf\xfe8";
const ODD: &[u8] = b"odd\xc3(\tfolder\n/-\\ %0A";

/// The repository. Its first-parent history is 1, 2, 5, 6, 7, 8, 9; 3 and 4 are a branch that 6 merges.
pub fn repository() -> Result<Git, String> {
    let mut import = Import::default();

    let first = import.commit("main", &[]);
    import.file("100644", b"both.sh", "echo 1\n");
    import.file("100644", b"tool.sh", "echo tool\n");
    import.file("100644", b"dir/moving.txt", &long("moving"));
    import.file("100644", NEWLINE, &long("newline"));
    import.file("100644", "100% of it.txt".as_bytes(), "all\n");
    import.file("120000", b"link", "both.sh");
    import.file("100644", b"folder-to-be", "a file\n");
    import.submodule(b"lib", "1111111111111111111111111111111111111111");
    import.file("100644", b" \"quoted\" ", "q\n");

    let second = import.commit("main", &[first]);
    import.file("100755", b"both.sh", "echo 2\n");
    import.file("100755", b"tool.sh", "echo tool\n");

    // The branch renames the file that main renames too, and goes on.
    let third = import.commit("side", &[first]);
    import.rename(b"dir/moving.txt", b"dir/moved-on-side.txt");
    import.delete(b"link");
    let fourth = import.commit("side", &[third]);
    import.file("100644", b"side-only.txt", "side\n");
    import.file(
        "100644",
        b"dir/moved-on-side.txt",
        &(long("moving") + "and one more\n"),
    );

    let fifth = import.commit("main", &[second]);
    import.rename(b"dir/moving.txt", b"dir/moved-on-main.txt");
    import.file("100644", NOT_UTF8, "bytes\n");

    // An evil merge: a third name, a content of neither side, a file of neither side, a file that both have gone,
    // and the link, which one side deleted, is a file.
    let sixth = import.commit("main", &[fifth, fourth]);
    import.rename(b"dir/moved-on-main.txt", b"dir/moved-by-merge.txt");
    import.file("100755", b"both.sh", "echo merged\n");
    import.file("100644", b"evil.txt", "of neither side\n");
    import.delete("100% of it.txt".as_bytes());
    import.delete(b"dir/moved-on-side.txt");
    import.file("100644", b"side-only.txt", "side\n");
    import.file("100644", b"link", "both.sh");

    // A file becomes a folder, a path comes back, a submodule moves on, an odd path is renamed into another one, and
    // a file changes mode and content at once.
    let seventh = import.commit("main", &[sixth]);
    import.delete(b"folder-to-be");
    import.file("100644", b"folder-to-be/inside", "a file inside\n");
    import.file("100644", "100% of it.txt".as_bytes(), "again\n");
    import.submodule(b"lib", "2222222222222222222222222222222222222222");
    import.rename(NEWLINE, ODD);
    import.delete(b" \"quoted\" ");
    import.file("100644", b"both.sh", "echo again\n");

    // Nothing changes, then the folder is a file again, the path with the newline is back, and a file is a link.
    let eighth = import.commit("main", &[seventh]);
    import.commit("main", &[eighth]);
    import.delete(b"folder-to-be/inside");
    import.file("100644", b"folder-to-be", "a file again\n");
    import.file("120000", NEWLINE, "link");
    import.file("120000", b"evil.txt", "link");

    Git::imported(&import.text)
}

/// A repository with one commit.
pub fn small() -> Result<Git, String> {
    let mut import = Import::default();
    import.commit("main", &[]);
    import.file("100644", b"only.txt", "one\n");
    Git::imported(&import.text)
}
