//! `fusebind demo`.

use crate::{args::DemoArgs, talk::Talk};

pub fn run(_args: &DemoArgs, _talk: &Talk) -> anyhow::Result<()> {
    anyhow::bail!("soon")
}
