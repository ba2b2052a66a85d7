"""Prune removes what a file owns and no longer names, and never anything else: three teams in one event store."""

from __future__ import annotations

import random

import pytest

import chronicle_notebook as cn
from tests.waiting import eventually

OWNERS = {
    "alpha": cn.Ownership(header="x-team", value="alpha"),
    "beta": cn.Ownership(header="x-team", value="beta"),
    "gamma": cn.Ownership(ids=("gamma-*",)),
}


def hook(team: str, number: int) -> cn.WebhookDefinition:
    return (
        cn.DefinitionBuilder()
        .with_event_type("AccountOpened")
        .build(f"{team}-{number}", f"https://{team}.example.com/{number}")
    )


def state(team: str, numbers: list[int], store: str) -> cn.DesiredState:
    hooks = tuple(hook(team, number) for number in numbers)
    return cn.DesiredState(hooks, event_store=store, owned_by=OWNERS[team])


@pytest.mark.usefixtures("settled")
def test_no_team_ever_touches_what_another_team_has(client: cn.Client) -> None:
    rng = random.Random(7)
    client.webhooks.register("by-hand", "https://hand.example.com/in", lambda b: b.with_event_type("AccountOpened"))
    wanted: dict[str, list[int]] = {team: [] for team in OWNERS}
    for _ in range(9):
        team = rng.choice(list(OWNERS))
        others = {each.id: each for each in client.webhooks.all() if not each.id.startswith(team)}
        wanted[team] = sorted(rng.sample(range(8), rng.randint(0, 6)))
        plan = state(team, wanted[team], client.event_store).plan(client, prune=True)
        assert {each.id for each in plan.changes}.isdisjoint(others)
        assert plan.apply(allow_removals=True) or not plan.changes
        now = {each.id: each for each in client.webhooks.all()}
        assert {webhook: each for webhook, each in now.items() if not webhook.startswith(team)} == others
        assert sorted(name for name in now if name.startswith(team)) == [f"{team}-{each}" for each in wanted[team]]
    assert "by-hand" in client.webhooks.ids()
    for team, numbers in wanted.items():
        assert not state(team, numbers, client.event_store).plan(client, prune=True).differs()


def test_what_is_unmanaged_stays_whatever_the_file_owns(client: cn.Client) -> None:
    client.webhooks.register([hook("gamma", 1), hook("gamma", 2), hook("gamma", 3)])
    wanted = cn.DesiredState((hook("gamma", 1),), owned_by=OWNERS["gamma"], unmanaged=("*-3",))
    plan = wanted.plan(client, prune=True)
    assert {each.id: each.action.value for each in plan} == {
        "gamma-1": "unchanged",
        "gamma-2": "remove",
        "gamma-3": "kept",
    }
    assert plan["gamma-3"].note == "kept: unmanaged"


def test_a_state_without_an_owner_cannot_prune(client: cn.Client) -> None:
    with pytest.raises(cn.InvalidInputError, match="does not say what it owns") as caught:
        cn.DesiredState((hook("gamma", 1),)).plan(client, prune=True)
    assert caught.value.field == "prune"


def test_what_somebody_else_has_is_no_difference_and_what_is_owned_and_missing_is_one(client: cn.Client) -> None:
    client.webhooks.register([hook("gamma", 1), hook("gamma", 2), hook("alpha", 1)])
    plan = cn.DesiredState((hook("gamma", 1),), owned_by=OWNERS["gamma"]).plan(client)
    assert [each.id for each in plan.differences] == ["gamma-2"]
    assert {each.id: each.note for each in plan if each.note} == {
        "gamma-2": "kept: prune=True removes it",
        "alpha-1": "kept: not owned by this file",
    }


def test_an_owner_that_means_nothing_is_refused() -> None:
    for wrong in ({}, {"header": "x-team"}, {"header": "x-team", "value": "a", "ids": ("a",)}, {"value": "a"}):
        with pytest.raises(cn.InvalidInputError, match="a header with its value, or patterns of ids"):
            cn.Ownership(**wrong)
    with pytest.raises(cn.InvalidInputError, match="white space"):
        cn.Ownership(header="x team", value="a")


def test_what_another_owner_has_is_changed_only_with_consent(client: cn.Client) -> None:
    beta = state("beta", [1], client.event_store)
    assert beta.plan(client).apply()
    mine = cn.DesiredState((hook("beta", 1).changed(target_url="https://mine.example.com/"),), owned_by=OWNERS["alpha"])
    plan = mine.plan(client)
    assert "Another owner has 'beta-1'" in repr(plan)
    with pytest.raises(cn.PlanRefusedError, match="would change what another owner has: 'beta-1'") as refused:
        plan.apply()
    assert refused.value.hint == "Take what another owner has out of the file, or give take_over=True."
    assert not beta.plan(client).differs()
    assert plan.apply(take_over=True)
    assert beta.plan(client)["beta-1"].action is cn.StateAction.UPDATE


def test_a_webhook_with_the_marks_of_two_owners_is_of_neither(client: cn.Client) -> None:
    both = hook("alpha", 1).changed(headers={"X-Team": "beta", "x-team": "alpha"})  # as another client can send it
    client._kernel.add_webhooks(client.event_store, [both])
    eventually(lambda: client.webhooks.ids() == ["alpha-1"])
    for team in ("alpha", "beta"):
        assert OWNERS[team].owns(both) is False
        assert state(team, [], client.event_store).plan(client, prune=True).changes == []


def test_patterns_that_overlap_remove_what_another_owner_has_only_with_consent(client: cn.Client) -> None:
    theirs = cn.DesiredState((hook("gamma", 2),), owned_by=cn.Ownership(header="x-managed-by", value="theirs"))
    first = theirs.plan(client).apply().before
    assert first is not None
    back = cn.DesiredState.read(first).plan(client, prune=True)
    assert [each.id for each in back.changes] == ["gamma-2"]
    assert set(back.consents) == {"allow_removals"}, "the state of before names each id, so it is no other owner"
    client.webhooks.register(hook("gamma", 3))
    mine = cn.DesiredState((hook("gamma", 1),), owned_by=OWNERS["gamma"])
    plan = mine.plan(client, prune=True)
    assert "Another owner has 'gamma-2'" in repr(plan)
    with pytest.raises(cn.PlanRefusedError, match="would change what another owner has: 'gamma-2'") as refused:
        plan.apply(allow_removals=True)
    assert refused.value.hint == "Name under unmanaged what the file must not remove, or give take_over=True."
    assert plan.apply(allow_removals=True, take_over=True)
    assert client.webhooks.ids() == ["gamma-1"]


def test_the_owner_of_an_environment_has_the_values_of_its_profile() -> None:
    text = """\
version: 1
owned_by: {header: x-managed-by, value: "git-${env} $${x}"}
unmanaged: ["${env}-*"]
variables: {production: {env: prod}}
webhooks: [{id: one, url: "https://one.example.com/in", event_types: [A]}]
"""
    read = cn.DesiredState.parse(text, profile="production")
    assert read.owned_by == cn.Ownership(header="x-managed-by", value="git-prod ${x}")
    assert read.webhooks[0].headers == {"x-managed-by": "git-prod ${x}"}
    assert read.unmanaged == ("prod-*",)
    assert cn.DesiredState.parse(str(read.to_yaml())) == read
    with pytest.raises(cn.StateFileError, match=r"line 2: .*\$\{env\} has a value for each profile"):
        cn.DesiredState.parse(text)


def test_a_plan_says_that_it_ends_a_pause(client: cn.Client) -> None:
    client.webhooks.register([hook("gamma", 1), hook("gamma", 2)])
    client.webhooks.pause("gamma-1")
    plan = cn.DesiredState((hook("gamma", 1), hook("gamma", 2))).plan(client)
    assert [each.id for each in plan.changes] == ["gamma-1"]
    assert "'gamma-1' is paused. Applying registers it again, and so ends the pause." in plan.remarks
    assert plan.apply()
    assert len(client.webhooks.paused()) == 0


def test_a_header_in_another_case_is_no_difference_and_still_the_mark_of_its_owner(client: cn.Client) -> None:
    client.webhooks.register(
        [hook("alpha", number).changed(headers={"X-TEAM": "alpha", "X-Source": "bank"}) for number in (1, 2)]
    )
    wanted = hook("alpha", 1).changed(headers={"x-source": "bank"})
    plan = cn.DesiredState((wanted,), owned_by=OWNERS["alpha"]).plan(client, prune=True)
    assert {each.id: each.action.value for each in plan} == {"alpha-1": "unchanged", "alpha-2": "remove"}
    other = wanted.changed(headers={"x-source": "shop"})
    (changed,) = cn.DesiredState((other,), owned_by=OWNERS["alpha"]).plan(client).changes
    assert [each.field for each in changed.fields] == ["headers"]
