"""What a plugin's offers say of themselves, and whether its plans of benefits can be used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from healthsim_core.benefit_offers import BenefitPlan, ServiceKind
from healthsim_core.catalog import Catalog
from healthsim_core.designs.checks import mistakes_of_plan
from healthsim_core.designs.known import offered_plan, usual_terms
from healthsim_core.errors import Mistakes, SpecificationError, canonical
from healthsim_core.offers import Offer


def named(offer: Offer) -> str:
    """What an offer is called."""
    names = (getattr(offer, attribute, None) for attribute in ("name", "skill", "event_types"))
    return str(next(filter(None, names), None) or getattr(offer, "fields", ""))


def described(offer: Offer) -> bool:
    """Whether lists and docs can say what an offer is."""
    callables = (getattr(offer, attribute, None) for attribute in ("handle", "decide", "compute", "build", "writer"))
    called = next(filter(None, callables), None)
    return bool(
        offer.description
        or hasattr(offer, "then")
        or hasattr(offer, "system")
        or (called is not None and (called.__doc__ or "").strip())
    )


def unusable(offers: Iterable[Offer], catalog: Catalog) -> Iterator[tuple[Offer, str]]:
    """Every mistake in plans of benefits and in the usual terms of kinds of service, each in one line."""
    for offer in offers:
        mistakes = Mistakes()
        with mistakes.caught():
            if isinstance(offer, ServiceKind):
                usual_terms(offer)
            elif isinstance(offer, BenefitPlan):
                _use(offer, catalog, mistakes)
        yield from ((offer, " ".join(str(mistake).split())) for mistake in mistakes.found)


def _use(offer: BenefitPlan, catalog: Catalog, mistakes: Mistakes) -> None:
    plan = offered_plan(offer)
    for mistake in mistakes_of_plan(plan, catalog.service_kinds):
        with mistakes.caught(offer.name):
            raise mistake
    if plan.plan and canonical(plan.plan) != canonical(offer.name):
        what = f'the plan is called "{plan.plan}" in its document, and is offered as "{offer.name}".'
        raise SpecificationError(what, offer.name, "Give both the same name.")
