//! Lets the Node-API binding link.

fn main() {
    #[cfg(feature = "napi")]
    napi_build::setup();
}
