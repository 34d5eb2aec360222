//! Habits of thieves: in which bounds chance makes what they do. Learned from one set, and judged by the other: the next thieves
//! are not the last ones.

/// From one number to below another.
pub(crate) type Bounds = (i64, i64);

/// See the module. Shares in percent, pauses in seconds, money in cents.
pub(crate) struct Habits {
    /// How old in days the wallets are that are made for it.
    pub(crate) mule_days: Bounds,
    /// Takeovers: what is taken of the balance, in how many parts, with which pauses, how many in a thousand by
    /// a device of the thief, and how many of these from another country.
    pub(crate) emptied: Bounds,
    pub(crate) parts: Bounds,
    pub(crate) pause: Bounds,
    pub(crate) own_device: u32,
    pub(crate) abroad: u32,
    /// Chains: what is taken, over how many wallets, how long each waits, and what it passes on.
    pub(crate) chained: Bounds,
    pub(crate) links: Bounds,
    pub(crate) rest: Bounds,
    pub(crate) passed_on: Bounds,
    /// Smurfing: how large a part is, how many there are, how alike, how far apart.
    pub(crate) part: Bounds,
    pub(crate) smurfs: Bounds,
    pub(crate) alike: Bounds,
    pub(crate) apart: Bounds,
    /// Card testing: amounts, how many, how far apart.
    pub(crate) tried: Bounds,
    pub(crate) tries: Bounds,
    pub(crate) tempo: Bounds,
    /// Shops that send nothing: what they ask, and how many buy on a day.
    pub(crate) price: Bounds,
    pub(crate) buyers: Bounds,
}

/// What rules and score were made with.
pub(crate) const TAUGHT: Habits = Habits {
    mule_days: (0, 40),
    emptied: (60, 98),
    parts: (1, 5),
    pause: (60, 1_500),
    own_device: 700,
    abroad: 500,
    chained: (50, 95),
    links: (2, 6),
    rest: (120, 8_000),
    passed_on: (88, 98),
    part: (15_000, 90_000),
    smurfs: (6, 18),
    alike: (94, 104),
    apart: (300, 3_000),
    tried: (60, 300),
    tries: (15, 60),
    tempo: (15, 90),
    price: (8_000, 40_000),
    buyers: (8, 25),
};

/// Thieves that neither has seen: more patient, with older wallets, smaller parts and less alike.
pub(crate) const OTHER: Habits = Habits {
    mule_days: (3, 60),
    emptied: (40, 90),
    parts: (1, 7),
    pause: (300, 6_000),
    own_device: 550,
    abroad: 350,
    chained: (40, 90),
    links: (2, 7),
    rest: (600, 16_000),
    passed_on: (82, 99),
    part: (10_000, 60_000),
    smurfs: (8, 24),
    alike: (88, 110),
    apart: (500, 3_500),
    tried: (50, 420),
    tries: (10, 45),
    tempo: (20, 200),
    price: (6_000, 30_000),
    buyers: (6, 20),
};
