//! Exit codes. They are part of the interface: a code once documented never changes its meaning.

use std::process::ExitCode;

/// How a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// 0: checked, nothing at level deny.
    Clean = 0,
    /// 1: checked, at least one unwaived finding at level deny.
    Findings = 1,
    /// 2: the command line was wrong.
    Usage = 2,
    /// 3: could not complete: configuration, input or output, a damaged or newer container, a missing git ref.
    Incomplete = 3,
    /// 4: nothing was checked.
    NothingChecked = 4,
    /// 5: stopped by the time box, nothing wrong so far.
    TimeBox = 5,
}

impl Exit {
    /// Which of two ends a run that met both reports: 2, 3, 1, 5, 4, 0 in that order.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        if self.weight() >= other.weight() {
            self
        } else {
            other
        }
    }

    fn weight(self) -> u8 {
        match self {
            Self::Usage => 5,
            Self::Incomplete => 4,
            Self::Findings => 3,
            Self::TimeBox => 2,
            Self::NothingChecked => 1,
            Self::Clean => 0,
        }
    }

    /// The code as a number.
    pub fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::Exit;

    #[test]
    fn precedence_is_2_3_1_5_4_0() {
        let order = [
            Exit::Usage,
            Exit::Incomplete,
            Exit::Findings,
            Exit::TimeBox,
            Exit::NothingChecked,
            Exit::Clean,
        ];
        for (index, stronger) in order.iter().enumerate() {
            for weaker in &order[index..] {
                assert_eq!(stronger.and(*weaker), *stronger);
                assert_eq!(weaker.and(*stronger), *stronger);
            }
        }
    }
}
