//! What a `Server` means.

use std::path::PathBuf;

use super::At;
use super::at::{placed, secret};
use crate::spec::meaning::{
    Caller, Connection, ExcludeLicenseSense, Guardrails, Identity, Login, RpcConnection, ServerSpec,
    SupportSense, Transport,
};
use crate::spec::shape::document::Server;
use crate::spec::shape::server::{
    GuardrailsShape, IdentityShape, LoginWord, RpcShape, SenseWord, SupportWord,
};

/// Guardrail `disable` where the spec says nothing (design 3).
pub const DISABLE_ACCOUNTS: u64 = 20;
/// In percent of the accounts that have the service on.
pub const DISABLE_PERCENT: f64 = 5.0;

/// `None` would be a mistake of this program: the shape was checked.
pub fn server(shape: Server, at: At<'_, '_>) -> Option<ServerSpec> {
    let body = at.key("spec");
    let labels = shape.metadata.labels.unwrap_or_default();
    Some(ServerSpec {
        name: shape.metadata.name.0,
        place: at.key("metadata").key("name").place(),
        labels: labels.into_iter().map(|(name, value)| (name, value.0)).collect(),
        connection: connection(shape.spec.connection.rpc, body.key("connection").key("rpc"))?,
        identity: shape.spec.identity.map(|shape| identity(shape, body.key("identity"))).unwrap_or_default(),
        guardrails: Guardrails {
            exclude_license_sense: match shape.spec.exclude_license_sense {
                Some(SenseWord::Manual) => ExcludeLicenseSense::Manual,
                Some(SenseWord::VariableList) => ExcludeLicenseSense::VariableList,
                Some(SenseWord::Unknown) | None => ExcludeLicenseSense::Unknown,
            },
            support_sense: match shape.spec.support_sense {
                Some(SupportWord::Effective) => SupportSense::Effective,
                Some(SupportWord::Available) => SupportSense::Available,
                Some(SupportWord::Unknown) | None => SupportSense::Unknown,
            },
            ..guardrails(shape.spec.guardrails.as_ref(), body.key("guardrails"))
        },
        license: None,
        backup: None,
        policies: Vec::new(),
    })
}

fn connection(shape: RpcShape, at: At<'_, '_>) -> Option<Connection> {
    let rpc = RpcConnection {
        url: shape.url.0,
        account: Caller::parse(&shape.account.0)?,
        password: secret(shape.password)?,
        login: shape.login.map(|word| match word {
            LoginWord::Rsa => Login::Rsa,
            LoginWord::Plain => Login::Plain,
        }),
        ca_file: shape.ca_file.map(|path| PathBuf::from(path.0)),
        insecure_skip_verify: shape.insecure_skip_verify.unwrap_or(false),
    };
    Some(Connection { transport: Transport::Rpc(rpc), place: at.key_place() })
}

fn identity(shape: IdentityShape, at: At<'_, '_>) -> Identity {
    Identity {
        domain: shape.domain.map(|domain| (domain.0.to_lowercase(), at.key("domain").place())),
        reference_id: shape.reference_id.map(|id| (id.0, at.key("referenceId").place())),
    }
}

fn guardrails(shape: Option<&GuardrailsShape>, at: At<'_, '_>) -> Guardrails {
    let disable = shape.and_then(|shape| shape.disable.as_ref());
    let protect = shape.and_then(|shape| shape.protect.as_deref()).unwrap_or_default();
    Guardrails {
        disable_accounts: disable.and_then(|shape| shape.accounts).map_or(DISABLE_ACCOUNTS, |count| count.0),
        disable_percent: disable.and_then(|shape| shape.percent).unwrap_or(DISABLE_PERCENT),
        protect: placed(protect, at.key("protect"), |glob| glob.0.to_lowercase()),
        disable_place: disable.map(|_| at.key("disable").key_place()),
        exclude_license_sense: ExcludeLicenseSense::Unknown,
        support_sense: SupportSense::Unknown,
    }
}
