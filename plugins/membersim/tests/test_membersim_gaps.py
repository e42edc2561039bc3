"""Gaps in care, from their finding to their closing."""

import membersim
from claims_database import database, none, rows


def test_gaps_lead_to_outreach_and_some_are_closed():
    result = membersim.generate("medicare-diabetic", "member-year", count=200)
    gaps = database(result)

    none(gaps, """select * from event m join event g on m.cause_id = g.event_id where g.event_type = 'gap_identified'
                  and m.event_type = 'milestone' and m.time::date - g.time::date not between 3 and 14""")  # fmt: skip
    assert rows(gaps, "select count(*) from event where event_type = 'milestone'")[0][0] > 30
    none(
        gaps,
        "select * from care_gap where (status = 'closed') <> (closed_date is not null) or closed_date < "
        "identified_date",
    )
    assert {status for (status,) in rows(gaps, "select distinct status from care_gap")} == {"open", "closed"}


def test_a_gap_is_closed_by_the_closing_that_follows_from_it():
    gaps = database(membersim.generate("medicare-diabetic", "member-year", count=200))

    closings = rows(gaps, "select count(*) from event where event_type = 'gap_closed'")
    closed = rows(gaps, """select count(*) from care_gap g join event e on e.person_id = g.person_id
                           where e.event_type = 'gap_closed' and e.time::date = closed_date""")  # fmt: skip

    assert closings == closed
