//! A receipt as text and as JSON.
use rid_flow::CredentialId;
use rid_wallet::view::PresentationReceipt;
use serde_json::{Value, json};

use crate::verdict::path_json;

pub(crate) fn receipt_text(receipt: &PresentationReceipt) -> String {
    if !receipt.disclosed {
        return "nothing was disclosed".into();
    }
    let low = if receipt.low_water.is_empty() { "" } else { "; copies are running low: fetch new ones" };
    let elements: Vec<&str> = receipt.elements.iter().map(|element| element.label.as_str()).collect();
    format!("disclosed: {}; {} one-time copies used{low}", elements.join(", "), receipt.used.len())
}

pub(crate) fn receipt_json(receipt: &PresentationReceipt) -> Value {
    let ids = |ids: &[CredentialId]| ids.iter().map(|id| id.0.clone()).collect::<Vec<_>>();
    let elements = receipt.elements.iter().map(
        |element| json!({"docType": element.kind, "path": path_json(&element.path), "retained": element.retained}),
    );
    json!({
        "disclosed": receipt.disclosed, "elements": elements.collect::<Vec<_>>(),
        "used": ids(&receipt.used), "lowWater": ids(&receipt.low_water),
    })
}
