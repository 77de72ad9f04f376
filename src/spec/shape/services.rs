//! Maps keyed by services, and the words for them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::model::Service;

/// A map whose keys are services. Its schema lists all of them, so that an editor completes and explains each.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct ServiceMap<T>(pub BTreeMap<String, T>);

impl<T: JsonSchema> JsonSchema for ServiceMap<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("ServiceMapOf{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = generator.subschema_for::<T>();
        let mut properties = Map::new();
        for service in Service::ALL {
            let mut property = value.clone();
            property.insert("description".into(), description(service).into());
            properties.insert(service.name().into(), property.to_value());
        }
        json_schema!({
            "description": "A map with services as its keys.",
            "type": "object",
            "properties": properties,
            "additionalProperties": false,
        })
    }
}

/// The name of a service.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct ServiceName(pub String);

impl JsonSchema for ServiceName {
    fn schema_name() -> Cow<'static, str> {
        "ServiceName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let words: Vec<Value> = Service::ALL
            .into_iter()
            .map(|service| {
                json_schema!({"type": "string", "const": service.name(), "description": description(service)})
                    .to_value()
            })
            .collect();
        json_schema!({"description": "The name of a service.", "oneOf": words})
    }
}

/// What a service is (reference 2.2); the variables behind it are the wire's matter.
fn description(service: Service) -> &'static str {
    match service {
        Service::Smtp => "Sending mail over SMTP.",
        Service::Pop3Imap => "Reading mail over POP3 and IMAP.",
        Service::WebMail => "The WebClient.",
        Service::AntiVirus => "Scanning for viruses.",
        Service::AntiSpam => "Filtering of spam.",
        Service::Quarantine => "The quarantine of unknown senders.",
        Service::Im => "Instant messaging.",
        Service::Groupware => "GroupWare: calendars, contacts, tasks, files.",
        Service::Sip => "Voice calls over SIP.",
        Service::Ftp => "File transfer over FTP.",
        Service::Sms => "Sending of text messages.",
        Service::ActiveSync => "Phones over Exchange ActiveSync.",
        Service::WebDav => "Calendars, contacts and files over WebDAV.",
        Service::Archive => "The mail archive.",
        Service::OutlookSync => "Outlook Sync, the connector for Outlook.",
        Service::Desktop => "The Desktop Client.",
        Service::Meeting => "Web meetings and conferences.",
        Service::TeamChat => "TeamChat: the chat rooms of teams.",
        Service::WebDocuments => "WebDocuments: documents edited in the browser.",
        Service::Recording => "Recording of meetings.",
        Service::Cisco => "The integration with Cisco.",
        Service::AiAgent => "AI agents, from 14.3 on.",
        Service::Booking => "Booking, from 14.3 on.",
        Service::ConferenceFollowup => "Follow-up of conferences, from 14.3 on.",
        Service::ConferenceWebinar => "Webinars, from 14.3 on.",
        Service::ExtProviders => "External providers, from 14.3 on.",
    }
}
