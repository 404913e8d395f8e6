//! Object stores by their address.
//!
//! Comes in: `s3://BUCKET/PREFIX`, and `gs://` and `az://` likewise. Goes out: the store and the prefix. Credentials and endpoints come from the
//! environment under the names that the tools of their makers read (`AWS_ACCESS_KEY_ID`, ..).

use std::env;

use object_store::{ObjectStore, ObjectStoreScheme, parse_url_opts, path::Path};

use crate::exit::Failure;

/// Beginnings of the variables that stores are told by.
const VARIABLES: [&str; 3] = ["AWS_", "GOOGLE_", "AZURE_"];

/// The store that an address names, and the prefix in it.
pub fn opened(address: &str) -> anyhow::Result<(Box<dyn ObjectStore>, Path)> {
    let refused = |reason: String| {
        Failure::misuse(
            format!("{address}: units cannot be kept there: {reason}"),
            "name a folder, or a place as s3://BUCKET/PREFIX, and set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION",
        )
    };
    let url = address.parse().map_err(|error| refused(format!("{error}")))?;
    let (scheme, prefix) = ObjectStoreScheme::parse(&url).map_err(|error| refused(error.to_string()))?;
    match scheme {
        ObjectStoreScheme::AmazonS3 | ObjectStoreScheme::GoogleCloudStorage | ObjectStoreScheme::MicrosoftAzure => {}
        _ => return Err(refused("it is no object store".into())),
    }
    if prefix.is_root() {
        return Err(refused(
            "it names no prefix, and the store may hold something else".into(),
        ));
    }
    // The library has none of its own; a second call changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let is_told = |(name, _): &(String, String)| VARIABLES.iter().any(|start| name.starts_with(start));
    let variables =
        env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    parse_url_opts(&url, variables.filter(is_told)).map_err(|error| refused(error.to_string()))
}
