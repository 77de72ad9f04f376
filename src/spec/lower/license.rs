//! What a `License` means.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::At;
use crate::model::{Finding, Module, Place, Remedy, Service};
use crate::spec::meaning::{Activation, Expect, LicenseSpec};
use crate::spec::shape::document::License;
use crate::spec::shape::license::{ActivationShape, ExpectShape};
use crate::spec::shape::services::ServiceMap;
use crate::spec::shape::values::{ModuleName, TextMap};
use crate::spec::tree::shown;

/// The rules that need more than one field.
pub fn test(body: At<'_, '_>, findings: &mut Vec<Finding>) {
    not_done_yet("activation", "nothing is activated", body, findings);
    not_done_yet("revalidation", "nothing is entered again", body, findings);
    let modules = body.get("moduleOf").into_iter().flat_map(At::entries);
    let declared: BTreeSet<Module> =
        modules.filter_map(|(_, at)| at.text().and_then(Module::parse)).collect();
    for (service, at) in body.get("moduleOf").into_iter().flat_map(At::entries) {
        findings.extend(seat_of_the_account(service, at));
    }
    if let Some(at) = body.get("expect") {
        test_expect(&declared, at, findings);
    }
}

/// The seat of the mail server is the account itself (reference 4.4): no switch takes it, and none frees it.
fn seat_of_the_account(service: &str, at: At<'_, '_>) -> Option<Finding> {
    let module = at.text().and_then(Module::parse)?;
    (module.as_str() == Module::MAIL_SERVER).then(|| {
        let message = format!("`{}` cannot take seats of {module}: the account itself does", shown(service));
        let remedy =
            Remedy::EditSpec("name the module that the service takes a seat of, or leave it out".into());
        Finding::error("seat-of-account", message).at(at.place()).remedy(remedy)
    })
}

fn not_done_yet(key: &str, what: &str, body: At<'_, '_>, findings: &mut Vec<Finding>) {
    if let Some(at) = body.get(key) {
        let message = format!("`{key}` is read, and not done yet: {what}");
        let remedy = Remedy::OnServer("do it there; a plan compares what it finds".into());
        findings.push(Finding::info("not-done-yet", message).at(at.key_place()).remedy(remedy));
    }
}

fn test_expect(declared: &BTreeSet<Module>, at: At<'_, '_>, findings: &mut Vec<Finding>) {
    let mut first: BTreeMap<Module, Place> = BTreeMap::new();
    for (name, at) in at.entries() {
        let place = at.key_place();
        let Some(module) = Module::parse(name) else {
            let message = format!("`{}` is no module: it holds no letter and no digit", shown(name));
            let remedy = Remedy::EditSpec("name a module of the licence, such as activesync".into());
            findings.push(Finding::error("bad-module", message).at(place).remedy(remedy));
            continue;
        };
        findings.extend(service_as_module(name, &module, declared, &place));
        if let Some(first) = first.get(&module) {
            let remedy = "keep one: only letters and digits of a module's name count";
            findings.push(
                Finding::error("duplicate-module", format!("the module {module} stands twice"))
                    .at(place)
                    .also_at(first.clone(), "first here")
                    .remedy(Remedy::EditSpec(remedy.into())),
            );
            continue;
        }
        let number = |key| at.get(key).and_then(At::text).and_then(|text| text.parse::<u64>().ok());
        if let (Some(seats), Some(keep_free)) = (number("seats"), number("keepFree"))
            && keep_free > seats
        {
            let message = format!("{module} must keep {keep_free} seats free and has {seats}");
            findings.push(
                Finding::error("keep-free", message)
                    .at(at.key("keepFree").place())
                    .also_at(at.key("seats").place(), "the seats")
                    .remedy(Remedy::EditSpec("lower `keepFree`, or raise `seats`".into())),
            );
        }
        first.insert(module, place);
    }
}

/// A `License` with the places that findings and plans will name.
pub fn license(shape: License, at: At<'_, '_>) -> LicenseSpec {
    let body = at.key("spec");
    let expected = shape.spec.expect.unwrap_or_default();
    LicenseSpec {
        name: shape.metadata.name.0,
        place: at.key("metadata").key("name").place(),
        order_id: shape.spec.order_id.map(|id| (id.0, body.key("orderId").place())),
        evaluation: shape.spec.evaluation.filter(|is| *is).map(|_| body.key("evaluation").place()),
        activation: shape.spec.activation.map(|activation| activated(activation, body.key("activation"))),
        revalidation: shape.spec.revalidation.map(|_| body.key("revalidation").key_place()),
        expect: expect(&expected, body.key("expect")),
        module_of: module_of(shape.spec.module_of, body.key("moduleOf")),
    }
}

/// How it gets there; a file is named where it stands.
fn activated(shape: ActivationShape, at: At<'_, '_>) -> (Activation, Place) {
    match shape.offline {
        Some(offline) => {
            let place = at.key("offline").key("file").place();
            (Activation::Offline(PathBuf::from(offline.file.0)), place)
        }
        None => (Activation::Online, at.key_place()),
    }
}

fn expect(shape: &TextMap<ExpectShape>, at: At<'_, '_>) -> BTreeMap<Module, Expect> {
    let modules = at.entries().filter_map(|(name, at)| {
        let (shape, module) = (shape.get(name)?, Module::parse(name)?);
        let (seats, keep_free) = (shape.seats.map(|n| n.0), shape.keep_free.map_or(0, |n| n.0));
        Some((module, Expect { seats, keep_free, place: at.key_place() }))
    });
    modules.collect()
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

/// The name of a service where a module is wanted, if the service's module is called otherwise (reference 4.4).
/// A module that `moduleOf` names is meant, whatever it is called.
fn service_as_module(
    name: &str,
    module: &Module,
    declared: &BTreeSet<Module>,
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
