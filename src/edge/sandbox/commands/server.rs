//! The server: its properties, statistics, services and licence information.

use super::super::call::{Call, RESULT_DEPTH, Reply, Success};
use super::super::sessions::Rights;
use super::super::values::{Value, bit};
use super::super::variables::Scope;
use super::super::world::World;
use super::super::xml::Writer;
use super::list::Page;
use super::properties::{admitted, answer, answer_rights, done, names, right_of};

pub(super) fn read(world: &mut World, call: &Call<'_, '_>) -> Reply {
    if let Some(denied) = call.denied().filter(|_| call.rights != Rights::Server) {
        return denied;
    }
    let names = names(call.node("serverpropertylist"));
    let reply = answer(call, &names, |variable| {
        let seen = variable.scope == Scope::Server && call.rights == Rights::Server;
        (if seen { world.server_value(variable) } else { Value::Nothing }, "2")
    });
    world.lags.server_was_read(&names);
    reply
}

pub(super) fn write(world: &mut World, call: &Call<'_, '_>) -> Reply {
    let (writes, whole) = admitted(call, |write| {
        let server = write.variable.scope == Scope::Server && call.rights == Rights::Server;
        server && world.may_store_server(write.variable, &write.value)
    });
    for write in &writes {
        if let Value::Text(text) = &write.value {
            world.lag_server(write.variable);
            world.store_server(write.variable, text);
        }
    }
    done(whole)
}

pub(super) fn statistics(world: &mut World, call: &Call<'_, '_>) -> Reply {
    if let Some(denied) = call.denied().filter(|_| call.rights != Rights::Server) {
        return denied;
    }
    answer(call, &names(call.node("statisticspropertylist")), |variable| {
        let seen = variable.scope == Scope::Statistics && call.rights == Rights::Server;
        (if seen { world.statistics_value(variable) } else { Value::Nothing }, "2")
    })
}

pub(super) fn rights(_: &mut World, call: &Call<'_, '_>) -> Reply {
    answer_rights(&names(call.node("serverpropertylist")), |variable| match call.rights {
        Rights::Server if variable.scope == Scope::Server => right_of(variable),
        _ => "0",
    })
}

/// `TServiceType` (reference 1.6) without Dummy (5), All (25) and None (26).
fn service_types() -> impl Iterator<Item = u32> {
    (0..=33).filter(|kind| !matches!(kind, 5 | 25 | 26))
}

/// The mask is ignored (reference 1.6). Uptime in seconds; that and the counters are synthetic.
pub(super) fn services(world: &mut World, call: &Call<'_, '_>) -> Reply {
    let all: Vec<u32> = service_types().filter(|_| call.rights == Rights::Server).collect();
    Page::of(call).write(&all, |out, kind| {
        let running = world.stopped >> kind & 1 == 0;
        out.leaf("servicetype", &kind.to_string());
        out.leaf("uptime", if running { "86400" } else { "0" });
        out.leaf("connections", "0");
        out.leaf("maxconnections", "0");
        out.leaf("data", "0");
        out.leaf("isrunning", bit(running));
    })
}

fn service(call: &Call<'_, '_>) -> Option<u32> {
    let asked: u32 = call.text("service").parse().ok()?;
    service_types().find(|kind| *kind == asked && call.rights == Rights::Server)
}

pub(super) fn is_running(world: &mut World, call: &Call<'_, '_>) -> Reply {
    done(service(call).is_some_and(|kind| world.stopped >> kind & 1 == 0))
}

pub(super) fn start(world: &mut World, call: &Call<'_, '_>) -> Reply {
    let Some(kind) = service(call) else { return done(false) };
    world.stopped &= !(1 << kind);
    done(true)
}

pub(super) fn stop(world: &mut World, call: &Call<'_, '_>) -> Reply {
    let Some(kind) = service(call) else { return done(false) };
    world.stopped |= 1 << kind;
    done(true)
}

pub(super) fn licence_info(world: &mut World, call: &Call<'_, '_>) -> Reply {
    let mut out = Writer::at_depth(RESULT_DEPTH);
    if call.rights == Rights::Server {
        world.licence.write_info(&mut out);
    }
    Ok(Success::Elements(out.finish()))
}
