/// More than any algorithm here takes of the stack; unoptimized, frames are larger.
const DEPTH: usize = if cfg!(debug_assertions) { 64 << 10 } else { 16 << 10 };

/// Works with a secret, then wipes the stack below: libraries make and unroll their keys there, and leave them (neg-N04). As good
/// as can be without a compiler's help: what a caller keeps in its own frame is its own care. The result must have no padding
/// (as enums like `Public` have): a move of it copies what the stack held there before.
pub(crate) fn wiping<T>(work: impl FnOnce() -> T) -> T {
    // Not inlined, or the work's frame would be above what is wiped.
    #[inline(never)]
    fn apart<T>(work: impl FnOnce() -> T) -> T {
        work()
    }
    let done = apart(work);
    zeroize::zeroize_stack::<DEPTH>();
    done
}
