//! Positions, each with a type of its own: a row cannot be taken for a rule.

/// A position in one list, as small as it may be kept.
macro_rules! index {
    ($(#[$of:meta])* $name:ident($number:ty)) => {
        $(#[$of])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name($number);

        impl $name {
            /// The first position.
            pub const FIRST: $name = $name(0);

            /// A position in the list, which is never longer than the number can say.
            pub const fn new(index: usize) -> $name {
                debug_assert!(index <= <$number>::MAX as usize);
                $name(index as $number)
            }

            /// The position after it, which may be the end of the list.
            pub const fn following(self) -> $name {
                $name::new(self.index() + 1)
            }

            /// The position as a slice takes it.
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

index! {
    /// An account in the directory, and in every column beside it.
    Row(u32)
}

index! {
    /// A module of the licence in the list of modules, and in the ledger.
    ModuleIndex(u8)
}

index! {
    /// A rule of a policy in the list of all rules.
    RuleIndex(u32)
}

index! {
    /// A step in its plan.
    StepIndex(u32)
}
