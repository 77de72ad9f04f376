//! Which command is answered by what.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::super::call::{Call, RESULT_DEPTH, Reply, Success};
use super::super::world::World;
use super::super::xml::Writer;
use super::{account, console, domain, list, member, server, session};

/// What a call needs and does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Access {
    /// Needs no session (reference 1.2).
    Open,
    Read,
    /// Changes the world when it answers 1.
    Write,
}

pub(in super::super) type Handler = fn(&mut World, &Call<'_, '_>) -> Reply;

#[derive(Debug)]
pub(in super::super) struct Command {
    /// Lower case.
    pub name: &'static str,
    pub access: Access,
    pub handler: Handler,
}

static BY_NAME: LazyLock<HashMap<&'static str, Command>> = LazyLock::new(|| {
    let rest = NOT_SIMULATED
        .iter()
        .flat_map(|(handler, access, names)| names.split_whitespace().map(|name| (name, *access, *handler)));
    let all = SIMULATED.iter().copied().chain(rest);
    all.map(|(name, access, handler)| (name, Command { name, access, handler })).collect()
});

/// The command of this name, whatever its case (reference 1.2).
pub(in super::super) fn find(name: &str) -> Option<&'static Command> {
    let table = &*BY_NAME;
    table.get(name).or_else(|| table.get(name.to_ascii_lowercase().as_str()))
}

use Access::{Open, Read, Write};

#[rustfmt::skip]
const SIMULATED: &[(&str, Access, Handler)] = &[
    ("authenticate", Open, session::authenticate),
    ("getauthchallenge", Open, session::challenge),
    ("getauthtoken", Open, session::token),
    ("getsessioninfo", Read, session::info),
    ("logout", Read, session::logout),
    ("getdomainsinfolist", Read, list::domains),
    ("getaccountsinfolist", Read, list::accounts),
    ("getaccountmemberinfolist", Read, list::members),
    ("getservicesinfolist", Read, server::services),
    ("isservicerunning", Read, server::is_running),
    ("startservice", Write, server::start),
    ("stopservice", Write, server::stop),
    ("restartservice", Write, server::start),
    ("getserverproperties", Read, server::read),
    ("setserverproperties", Write, server::write),
    ("getstatisticsproperties", Read, server::statistics),
    ("getlicenseinfo", Read, server::licence_info),
    ("getmyserverrights", Read, server::rights),
    ("getserverapiconsole", Read, console::server),
    ("getdomainapiconsole", Read, console::domain),
    ("getaccountapiconsole", Read, console::account),
    // Recorded only as an empty result (reference 11): so it stays.
    ("getallapivariables", Read, nothing),
    ("getdomainproperties", Read, domain::read),
    ("setdomainproperties", Write, domain::write),
    ("getmydomainrigths", Read, domain::rights),
    ("createdomain", Write, domain::create),
    ("deletedomain", Write, domain::delete),
    ("renamedomain", Write, domain::rename),
    ("getaccountproperties", Read, account::read),
    ("setaccountproperties", Write, account::write),
    ("getmyproperties", Read, account::read_own),
    ("createaccount", Write, account::create),
    ("deleteaccounts", Write, account::delete),
    ("setaccountpassword", Write, account::set_password),
    ("addaccountmembers", Write, member::add),
    ("addallaccountmembers", Write, member::add_all),
    ("editaccountmembers", Write, member::edit),
    ("deleteaccountmembers", Write, member::delete),
    ("deleteallaccountmembers", Write, member::delete_all),
];

/// The rest of reference 1.8.
const NOT_SIMULATED: &[(Handler, Access, &str)] = &[
    (
        refused,
        Open,
        "authenticategateway authenticatejwt authenticatesso authenticateteamchatapi authenticatetoken \
        authenticatewebclient loginjwttoken makejwttokenlogin refreshjwttoken",
    ),
    (nothing, Open, "getcaptcha"),
    (empty_list, Read, "getdevicesinfolist getmyrulesinfolist getrulesinfolist getspamqueueinfolist"),
    (
        nothing,
        Read,
        "getaccountmemberproperties getadminresources getwebmailresource getwebmailresources \
        generateaccountpassword getaccountadministrativepermissions getaccountfolderlist getaccountfolderpermissions \
        getservercertificatelist exportservercertificate getdeviceproperties dkim_generateprivatekey \
        getdomaininformations getactualemail getdnszonefile getoauthaccesscode getoauthauthorizationrequest \
        getoauthauthorizationuri getoauthauthorizations getoauthclientinfo getoauthclientregistration getoauthclients \
        getoauthrefreshtoken getoauthscopes getpassword getrestrictiplist getmyrule getrule getservicestatistics \
        gettrafficcharts getaccountchathistory getaccountchatroster getavatar getavatartoken getjwttoken \
        gwgetmeetinginfo getjitsijwt getlicensemanagementcallbackurl getlicensemanagementsecret gettotalsaasusage \
        getuserstats managecloudlicense getspamqueueitembody createoauthsignedtoken",
    ),
    (
        refused,
        Read,
        "isguestdomain authorizedtoimquery oauthauthorizationexists oauthverifysecret \
        verifycertificatechain verifyjwttoken verifyoauthtokensignature usernameavailable",
    ),
    (
        refused,
        Write,
        "setaccountmemberproperties setadminresources setwebmailresources \
        deleteallaccounts editallaccountmembersrights expireaccountpassword generateaccountactivationkey \
        inheritaccountfolderpermissions moveaccounttodomain sendaccountactivationkey setaccountfolderpermissions \
        setmyproperties addservercertificate createservercertificate deleteservercertificate editservercertificate \
        reissueservercertificate setdefaultservercertificate deletealldevices deletedevices setalldevicesstatus \
        setdeviceproperties setdevicestatus setdevicewipe makedomainprimary resetdkim addoauthclient \
        addoauthclientwithid editoauthclient grantoauthauthorization removeoauthauthorization removeoauthclient \
        replaceoauthaccesstoken saveoauthaccesscode saveoauthtokens setrestrictiplist startoauthauthorizationrequest \
        addmyrule addrule deletemyrule deleterule editmyrule editrule movemyrule moverule setmyruleactive \
        setruleactive impersonatewebclient logoutjwttoken reset2factor resetmy2factor sendgatewayauthentication \
        changepassword confirmpersonality contactadministrator gwaddmeetinginfo guestconfirm guestverify \
        meetingremotejoined resetpassword resetpasswordemail sendsignupverification signupaccount \
        setsmartdiscoverhostname addspamqueueitem blacklistspamqueueitem deletespamqueueitem deliverspamqueueitem \
        whitelistspamqueueitem",
    ),
];

/// `0`: not applied (reference 0, point 3).
fn refused(_: &mut World, _: &Call<'_, '_>) -> Reply {
    Ok(Success::Text("0"))
}

fn nothing(_: &mut World, _: &Call<'_, '_>) -> Reply {
    Ok(Success::Text(""))
}

fn empty_list(_: &mut World, _: &Call<'_, '_>) -> Reply {
    let mut out = Writer::at_depth(RESULT_DEPTH);
    out.leaf("offset", "0");
    out.leaf("overallcount", "0");
    Ok(Success::Elements(out.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_of_the_174_names_stands_in_one_row() {
        let rest: usize = NOT_SIMULATED.iter().map(|(.., names)| names.split_whitespace().count()).sum();
        assert_eq!((SIMULATED.len() + rest, BY_NAME.len()), (174, 174));
        let names: Vec<&str> =
            NOT_SIMULATED.iter().flat_map(|(.., names)| names.split_whitespace()).collect();
        for name in names.into_iter().chain(SIMULATED.iter().map(|(name, ..)| *name)) {
            assert_eq!(name, name.to_ascii_lowercase());
        }
    }
}
