"""Access: who may do what, and that everything else is refused."""

from __future__ import annotations

import pytest

from hub.access import Permission, Principal, Role, allows, permissions


def principal(role: str) -> Principal:
    return Principal("id", "name", role)


def test_an_administrator_may_do_everything_but_decide_for_a_household() -> None:
    left = frozenset(Permission) - permissions(principal(Role.ADMINISTRATOR))
    assert left == {
        Permission.DECIDE_CONSENT,
        Permission.VIEW_OWN_PICTURES,
        Permission.VIEW_SHARED_LIVE,
        Permission.MOVE_OWN_CAMERAS,
        Permission.DELETE_RECORDINGS,
    }


def test_a_key_does_no_more_than_its_scope_and_no_more_than_its_account() -> None:
    scope = frozenset({Permission.VIEW_SENSORS, Permission.MANAGE_ACCOUNTS})
    key = Principal("1", "li", Role.OPERATOR.value, key="k", only=scope)
    assert permissions(key) == {Permission.VIEW_SENSORS}


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.OPERATOR])
def test_the_room_views_and_handles_but_changes_nothing_of_the_hub(role: Role) -> None:
    who = principal(role)
    assert allows(who, Permission.VIEW_INCIDENTS)
    assert allows(who, Permission.HANDLE_INCIDENTS)
    assert not any(allows(who, each) for each in (Permission.EDIT_COMMUNITY, Permission.MANAGE_ACCOUNTS))


@pytest.mark.parametrize(
    ("role", "may"),
    [(Role.ADMINISTRATOR, True), (Role.SUPERVISOR, True), (Role.INTEGRATOR, True), (Role.OPERATOR, False)],
)
def test_operators_read_the_rules_that_supervisors_and_integrators_edit(role: Role, *, may: bool) -> None:
    assert allows(principal(role), Permission.VIEW_RULES)
    assert allows(principal(role), Permission.EDIT_RULES) is may


def test_an_integrator_sees_no_pictures_and_no_incidents() -> None:
    who = principal(Role.INTEGRATOR)
    assert not any(
        allows(who, each) for each in (Permission.VIEW_PICTURES, Permission.VIEW_INCIDENTS, Permission.HANDLE_INCIDENTS)
    )


def test_a_supervisor_may_all_that_an_operator_may() -> None:
    assert permissions(principal(Role.OPERATOR)) < permissions(principal(Role.SUPERVISOR))


@pytest.mark.parametrize("role", ["", "Administrator", "of tomorrow"])
def test_a_role_without_grants_or_unknown_here_may_nothing(role: str) -> None:
    assert permissions(principal(role)) == frozenset()
    assert not any(allows(principal(role), each) for each in Permission)


def test_people_see_their_own_figures_and_supervisors_everybodys() -> None:
    operator, supervisor = principal(Role.OPERATOR), principal(Role.SUPERVISOR)
    assert allows(operator, Permission.VIEW_FIGURES)
    assert not allows(operator, Permission.VIEW_PEOPLES_FIGURES)
    assert allows(supervisor, Permission.VIEW_PEOPLES_FIGURES)


def test_a_resident_reports_and_has_the_pictures_of_home_and_nothing_else() -> None:
    assert permissions(principal(Role.RESIDENT)) == {
        Permission.SEND_REPORTS,
        Permission.VIEW_OWN_PICTURES,
        Permission.VIEW_SHARED_LIVE,
        Permission.MOVE_OWN_CAMERAS,
        Permission.DELETE_RECORDINGS,
        Permission.DECIDE_CONSENT,
    }


def test_who_leads_the_shift_releases_evidence_and_deletes_nobodys_recordings() -> None:
    assert allows(principal(Role.SUPERVISOR), Permission.RELEASE_EVIDENCE)
    assert not allows(principal(Role.OPERATOR), Permission.RELEASE_EVIDENCE)
    assert not allows(principal(Role.SUPERVISOR), Permission.DELETE_RECORDINGS)


def test_who_is_sent_reports_too_but_sees_no_names_of_people_and_offers_no_tasks() -> None:
    who = principal(Role.RESPONDER)
    assert allows(who, Permission.SEND_REPORTS)
    assert not any(allows(who, each) for each in (Permission.VIEW_REPORTS, Permission.OFFER_TASKS))
