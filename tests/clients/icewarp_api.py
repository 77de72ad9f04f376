"""Uses the PyPI package icewarp-api 0.1.1, unchanged, against the server at a URL.

    python icewarp_api.py URL [ACCOUNT [PASSWORD]]

Logs in, lists domains and accounts, reads and writes account, domain and server properties, logs out. Exits 0 if every
answer is as an administrator would expect it, else 1 with what was wrong.
"""

from importlib.metadata import version
import os
import sys

# This file is called as the package is; the folder it stands in must not be searched for it.
sys.path = [path for path in sys.path if os.path.abspath(path or ".") != os.path.dirname(os.path.abspath(__file__))]

from icewarp_api import IceWarpAPI, IceWarpError  # noqa: E402
from icewarp_api.api import AccountType  # noqa: E402
from icewarp_api.helpers import as_list  # noqa: E402

PACKAGE_VERSION = "0.1.1"


def expect(what, found, wanted):
    if found != wanted:
        raise SystemExit(f"{what}: expected {wanted!r}, found {found!r}")


def names(*properties):
    return {"item": [{"propname": name} for name in properties]}


def written(name, value):
    prop = {"apiproperty": {"propname": name}, "propertyval": {"classname": "tpropertystring", "val": value}}
    return {"item": [prop]}


def values(result):
    """Property name, lower case, to its value; None where the server gave no value."""
    found = {}
    for item in as_list(result["item"]):
        found[item["apiproperty"]["propname"].lower()] = item["propertyval"].get("val")
    return found


def lists(api):
    domains = {domain["name"]: domain for domain in as_list(api.iw.domains.get_domains_info_list()["item"])}
    for name in ("example.com", "example.org"):
        if name not in domains:
            raise SystemExit(f"domain {name} is not listed among {sorted(domains)}")
    users = api.get_all_users(domain="example.com", page_size=7)
    everything = api.get_all_accounts(domain="example.com", page_size=100)
    expect("accounts of example.com", len(everything), int(domains["example.com"]["accountcount"]))
    expect("one page or many", len({user["email"] for user in users}), len(users))
    expect("types of users", {user["accounttype"] for user in users}, {str(int(AccountType.USER))})
    groups = {group["email"] for group in api.get_all_groups(domain="example.com")}
    if "sales@example.com" not in groups:
        raise SystemExit(f"sales@example.com is not among the groups {sorted(groups)}")
    members = api.iw.account_members.get_account_member_info_list(who="sales@example.com", offset=0, count=0)
    expect("members of sales", len(as_list(members["item"])), int(members["overallcount"]))


def account(api, address):
    read = lambda: values(
        api.iw.accounts.get_account_properties(
            accountemail=address, accountpropertylist=names("U_Name", "U_IM", "U_IMEditable", "U_NoSuchThing")
        )
    )
    before = read()
    expect("an unknown property", before["u_nosuchthing"], None)
    expect("may be changed", before["u_imeditable"], "1")
    other = "0" if before["u_im"] == "1" else "1"
    for value in (other, before["u_im"]):
        answer = api.iw.accounts.set_account_properties(accountemail=address, propertyvaluelist=written("u_im", value))
        expect("write of u_im", answer, "1")
        expect("u_im read back", read()["u_im"], value)
    name = "O'Brien & <Söhne>"
    answer = api.iw.accounts.set_account_properties(accountemail=address, propertyvaluelist=written("U_Name", name))
    expect("write of U_Name", answer, "1")
    expect("U_Name read back", read()["u_name"], name)
    answer = api.iw.accounts.set_account_properties(
        accountemail=address, propertyvaluelist=written("U_IMEditable", "1")
    )
    expect("write of a read-only property", answer, "0")


def domain(api):
    read = lambda: values(
        api.iw.domains.get_domain_properties(
            domainstr="example.org", domainpropertylist=names("D_Type", "D_Description")
        )
    )
    expect("type of example.org", read()["d_type"], "0")
    answer = api.iw.domains.set_domain_properties(
        domainstr="example.org", propertyvaluelist=written("D_Description", "seen by Python")
    )
    expect("write of D_Description", answer, "1")
    expect("D_Description read back", read()["d_description"], "seen by Python")


def server(api):
    read = lambda: values(
        api.iw.server.get_server_properties(
            serverpropertylist=names("C_System_Tools_AutoBackup_DeleteAfter", "C_LicenseStatus", "C_License_XML")
        )
    )
    before = read()
    expect("licence status", before["c_licensestatus"], "0")
    if "ActiveSync" not in (before["c_license_xml"] or ""):
        raise SystemExit("the licence text does not name ActiveSync")
    answer = api.iw.server.set_server_properties(
        propertyvaluelist=written("C_System_Tools_AutoBackup_DeleteAfter", "21")
    )
    expect("write of DeleteAfter", answer, "1")
    expect("DeleteAfter read back", read()["c_system_tools_autobackup_deleteafter"], "21")


def refused(url, address):
    try:
        IceWarpAPI(url, address, "wrong").login()
    except IceWarpError:
        return
    raise SystemExit("a wrong password was accepted")


def main(url, address="admin@example.com", password="sandbox"):
    expect("version of icewarp-api", version("icewarp-api"), PACKAGE_VERSION)
    refused(url, address)
    with IceWarpAPI(url, address, password) as api:
        lists(api)
        account(api, address)
        domain(api)
        server(api)
        expect("session", api.iw.sessions.get_session_info()["email"], address)
        old = api.sid
    after = IceWarpAPI(url, sid=old)
    try:
        after.iw.sessions.get_session_info()
    except IceWarpError:
        print("icewarp-api 0.1.1: login, lists, account, domain and server properties, logout: all as expected")
        return
    raise SystemExit("the session outlived its logout")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
