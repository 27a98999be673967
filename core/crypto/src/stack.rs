//! Wiping the stack after work with a secret.
/// More stack than any algorithm here uses. Unoptimised frames are larger.
const DEPTH: usize = if cfg!(debug_assertions) { 64 << 10 } else { 16 << 10 };

/// Runs `work` and then wipes the stack below it, because libraries leave expanded keys there (neg-N04).
///
/// This is best effort: the caller's own frame is not wiped. The result type must have no padding (as enums such as
/// `Public` have), because moving it would copy old stack bytes in the padding.
pub(crate) fn wiping<T>(work: impl FnOnce() -> T) -> T {
    // Without inlining, the frame of `work` is inside the part that is wiped.
    #[inline(never)]
    fn apart<T>(work: impl FnOnce() -> T) -> T {
        work()
    }
    let done = apart(work);
    zeroize::zeroize_stack::<DEPTH>();
    done
}
