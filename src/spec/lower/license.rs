//! What a `License` means.

use std::collections::{BTreeMap, BTreeSet};

use super::At;
use crate::model::{Finding, Module, Place, Remedy, Service};
use crate::spec::meaning::{Expect, LicenseSpec};
use crate::spec::shape::document::License;
use crate::spec::shape::license::ExpectShape;
use crate::spec::shape::services::ServiceMap;
use crate::spec::shape::values::{ModuleName, TextMap};
use crate::spec::tree::shown;

pub fn license(shape: License, at: At<'_, '_>, findings: &mut Vec<Finding>) -> LicenseSpec {
    let body = at.key("spec");
    let module_of = module_of(shape.spec.module_of, body.key("moduleOf"));
    let activation = shape.spec.activation.is_some().then(|| body.key("activation").key_place());
    let revalidation = shape.spec.revalidation.is_some().then(|| body.key("revalidation").key_place());
    not_done_yet("activation", "nothing is activated", &activation, findings);
    not_done_yet("revalidation", "nothing is entered again", &revalidation, findings);
    LicenseSpec {
        name: shape.metadata.name.0,
        place: at.key("metadata").key("name").place(),
        order_id: shape.spec.order_id.map(|id| (id.0, body.key("orderId").place())),
        activation,
        revalidation,
        expect: expect(shape.spec.expect.unwrap_or_default(), &module_of, body.key("expect"), findings),
        module_of,
    }
}

fn not_done_yet(key: &str, what: &str, place: &Option<Place>, findings: &mut Vec<Finding>) {
    if let Some(place) = place {
        let message = format!("`{key}` is read, and not done yet: {what}");
        findings.push(Finding::info("not-done-yet", message).at(place.clone()));
    }
}

fn module_of(shape: Option<ServiceMap<ModuleName>>, at: At<'_, '_>) -> BTreeMap<Service, (Module, Place)> {
    let modules = shape.map(|map| map.0).unwrap_or_default();
    let mut module_of = BTreeMap::new();
    for (name, at) in at.entries() {
        let module = modules.get(name).and_then(|module| Module::parse(&module.0));
        if let (Some(service), Some(module)) = (Service::parse(name), module) {
            module_of.insert(service, (module, at.place()));
        }
    }
    module_of
}

fn expect(
    shape: TextMap<ExpectShape>,
    module_of: &BTreeMap<Service, (Module, Place)>,
    at: At<'_, '_>,
    findings: &mut Vec<Finding>,
) -> BTreeMap<Module, Expect> {
    let declared: BTreeSet<&Module> = module_of.values().map(|(module, _)| module).collect();
    let mut expect: BTreeMap<Module, Expect> = BTreeMap::new();
    for (name, at) in at.entries() {
        let Some(shape) = shape.get(name) else { continue };
        let place = at.key_place();
        let Some(module) = Module::parse(name) else {
            let message = format!("`{}` is no module: it holds no letter and no digit", shown(name));
            findings.push(Finding::error("bad-module", message).at(place));
            continue;
        };
        if let Some(finding) = service_as_module(name, &module, &declared, &place) {
            findings.push(finding);
            continue;
        }
        if let Some(first) = expect.get(&module) {
            findings.push(
                Finding::error("duplicate-module", format!("the module {module} stands twice"))
                    .at(place)
                    .also_at(first.place.clone(), "first here")
                    .remedy(Remedy::EditSpec(
                        "keep one: only letters and digits of a module's name count".into(),
                    )),
            );
            continue;
        }
        let (seats, keep_free) = (shape.seats.map(|n| n.0), shape.keep_free.map_or(0, |n| n.0));
        if let Some(seats) = seats.filter(|seats| keep_free > *seats) {
            findings.push(
                Finding::error(
                    "keep-free",
                    format!("{module} must keep {keep_free} seats free and has {seats}"),
                )
                .at(at.key("keepFree").place())
                .also_at(at.key("seats").place(), "the seats")
                .remedy(Remedy::EditSpec("lower `keepFree`, or raise `seats`".into())),
            );
        }
        expect.insert(module, Expect { seats, keep_free, place });
    }
    expect
}

/// The name of a service where a module is wanted, if the service's module is called otherwise (reference 4.4).
/// A module that `moduleOf` names is meant, whatever it is called.
fn service_as_module(
    name: &str,
    module: &Module,
    declared: &BTreeSet<&Module>,
    place: &Place,
) -> Option<Finding> {
    if declared.contains(module) {
        return None;
    }
    let right = match Service::parse(module.as_str())? {
        Service::Smtp | Service::Pop3Imap => Module::MAIL_SERVER,
        Service::Quarantine => "antispam",
        Service::Im => "instantmessaging",
        Service::WebDav => "caldav",
        Service::OutlookSync => "outlookconnector",
        Service::Desktop => "desktopclient",
        // Called as the service is, or not known (U-18).
        _ => return None,
    };
    let message = format!("`{}` is a service; the module it takes seats of is {right}", shown(name));
    let finding = Finding::error("service-not-module", message).at(place.clone());
    Some(finding.remedy(Remedy::DidYouMean(right.into())))
}
