//! How much of the models is explored.

/// How large the models are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bounds {
    /// Two requests at once. Most counterexamples need no more.
    Small,
    /// Three requests at once.
    Large,
}

impl Bounds {
    /// Returns the bounds that the variable `MODELS` names; the large ones if it is not set.
    pub fn named(name: Option<&str>) -> Result<Self, String> {
        match name {
            Some("small") => Ok(Self::Small),
            Some("large") | None => Ok(Self::Large),
            Some(other) => Err(format!("MODELS must be small or large, not {other:?}")),
        }
    }

    /// Returns how many requests or runs there are at most.
    pub const fn actors(self) -> usize {
        match self {
            Self::Small => 2,
            Self::Large => 3,
        }
    }
}

/// Lists all ways to choose `count` of some things, in whatever order, each as often as one likes.
pub fn sets<T: Copy>(things: &[T], count: usize) -> Vec<Vec<T>> {
    let Some(fewer) = count.checked_sub(1) else { return vec![Vec::new()] };
    let with = |(position, first): (usize, &T)| {
        let rest = sets(&things[position..], fewer);
        rest.into_iter().map(|rest| [&[*first][..], &rest].concat()).collect::<Vec<_>>()
    };
    things.iter().enumerate().flat_map(with).collect()
}
