//! What a feature is worth, and what a score is.

/// A feature and its weight.
pub(super) type Feature = (u32, f32);

/// Largest weight.
const MOST: f32 = 1e6;

/// How much a feature tells that `df` of `n` rows have. Never 0, and little when nearly all have it.
pub(super) fn idf(n: u32, df: u32) -> f32 {
    let (n, df) = (f64::from(n.max(df)), f64::from(df));
    (1.0 + (n - df + 0.5) / (df + 0.5)).ln() as f32
}

pub(super) fn length(features: impl Iterator<Item = Feature>) -> f32 {
    features
        .map(|(_, weight)| weight * weight)
        .sum::<f32>()
        .sqrt()
}

/// The cosine, spread so that 0.5 means about what it means of a sentence embedder's: alike.
pub(super) fn calibrated(sum: f32, a: f32, b: f32) -> f32 {
    let lengths = a * b;
    if lengths > 0.0 {
        (sum / lengths).clamp(0.0, 1.0).sqrt()
    } else {
        0.0
    }
}

/// As it is kept: a weight in two bytes, the upper half of its four, rounded. A cosine changes by less than 0.004.
pub(super) fn rounded(feature: &Feature) -> Feature {
    (feature.0, of_half(half(feature.1)))
}

pub(super) fn half(weight: f32) -> u16 {
    let bits = weight.to_bits();
    u16::try_from((bits + 0x8000) >> 16).unwrap_or(u16::MAX)
}

pub(super) fn of_half(half: u16) -> f32 {
    f32::from_bits(u32::from(half) << 16)
}

pub(super) fn check(features: &[Feature]) -> Result<(), String> {
    let rising = features.is_sorted_by(|(f, _), (g, _)| f < g);
    let sound = |(_, weight): &Feature| *weight > 0.0 && *weight <= MOST;
    if rising && features.iter().all(sound) {
        return Ok(());
    }
    Err("the embedder made features out of order or with weights that are none".to_owned())
}
