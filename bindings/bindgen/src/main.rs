//! `rid-bindgen generate LIBRARY --language kotlin|swift --out-dir DIR`: uniffi's generator, a crate of its own because
//! it is large.

fn main() {
    uniffi::uniffi_bindgen_main();
}
