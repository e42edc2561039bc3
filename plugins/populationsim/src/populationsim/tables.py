"""PopulationSim's tables: what is known of places, and of the communities people live in."""

from __future__ import annotations

from healthsim_core import Field, Table


def _measure(name: str, description: str, unit: str = "%") -> Field:
    return Field(name, "number", description, unit=unit, nullable=True)


FACT = Table(
    "reference.populationsim",
    (
        Field("place", "category", "County FIPS code (5 digits) or census tract (11); 00000 is the United States."),
        Field("measure", "category", "POPULATION, or the official name: DIABETES (PLACES), EP_POV150 (SVI)."),
        Field("statistic", "category", "count, percent, percentile, crude or age_adjusted."),
        Field("sex", "category", "F or M where the figure is of one sex.", nullable=True),
        Field("age", "category", "Age band where the figure is of one.", nullable=True),
        Field("race", "category", "OMB race where the figure is of one.", nullable=True),
        Field("ethnicity", "category", "hispanic or not_hispanic where the figure is of one.", nullable=True),
        Field("value", "number", "The figure; null where its source leaves it out.", nullable=True),
        Field("low", "number", "Lower 95% confidence limit.", nullable=True),
        Field("high", "number", "Upper 95% confidence limit.", nullable=True),
        Field("unit", "category", "people or %; null for a percentile.", nullable=True),
        Field("source", "category", "Where it comes from."),
        Field("vintage", "integer", "The year that it describes, where the source says.", nullable=True),
    ),
    key=("place", "measure", "statistic", "sex", "age", "race", "ethnicity", "source", "vintage"),
    description="Published facts of places, a row a figure.",
    person="",
)

COUNTY = Table(
    "populationsim.county",
    (
        Field("county_fips", "text", "Five-digit county FIPS code."),
        Field("name", "category", "Name."),
        Field("state", "category", "Two-letter state."),
        Field("known", "boolean", "Whether facts of the county are at hand."),
        _measure("population", "Population, SVI 2022.", "people"),
        _measure("age_17_percent", "People aged 17 and younger."),
        _measure("age_65_percent", "People aged 65 and older."),
        _measure("minority_percent", "People who are not non-Hispanic white."),
        _measure("hispanic_percent", "Hispanic people of any race."),
        _measure("poverty_percent", "People below 150% of the poverty line."),
        _measure("uninsured_percent", "People without health insurance."),
        _measure("svi_percentile", "Overall social vulnerability, 0 to 1 of all counties.", ""),
        _measure("diabetes_percent", "Adults with diagnosed diabetes, crude."),
        _measure("hypertension_percent", "Adults with high blood pressure, crude."),
        _measure("copd_percent", "Adults with COPD, crude."),
        _measure("asthma_percent", "Adults with current asthma, crude."),
        _measure("obesity_percent", "Adults with obesity, crude."),
        _measure("smoking_percent", "Adults who smoke cigarettes, crude."),
        Field("sources", "category", "Sources of these figures.", nullable=True),
    ),
    key=("county_fips",),
    description="The run's counties and the published facts that stand behind their people.",
    person="",
)

COMMUNITY = Table(
    "populationsim.community",
    (
        Field("person_id", "id", "The person.", references="core.person"),
        Field("county_fips", "category", "County of residence.", references="populationsim.county"),
        Field("age_band", "category", "Census five-year age band at the start of the run."),
        Field("svi_percentile", "number", "Overall social vulnerability of the county.", nullable=True),
        Field("svi_quartile", "category", "low, low_to_medium, medium_to_high or high vulnerability.", nullable=True),
        Field("svi_socioeconomic", "number", "Percentile of theme 1, socioeconomic status.", nullable=True),
        Field("svi_household", "number", "Percentile of theme 2, household characteristics.", nullable=True),
        Field("svi_minority", "number", "Percentile of theme 3, racial and ethnic minority status.", nullable=True),
        Field("svi_housing", "number", "Percentile of theme 4, housing type and transportation.", nullable=True),
        Field(
            "poverty_percent", "number", "People of the county below 150% of the poverty line.", unit="%", nullable=True
        ),
        Field("uninsured_percent", "number", "People of the county without health insurance.", unit="%", nullable=True),
    ),
    key=("person_id",),
    description="The community in which each person lives.",
)

SCREENING = Table(
    "populationsim.screening",
    (
        Field("screening_id", "id", "Id of the event.", references="core.event"),
        Field("person_id", "id", "Who was reached.", references="core.person"),
        Field("time", "datetime", "When."),
        Field("measure", "category", "The PLACES measure that it counts towards, such as CHECKUP."),
        Field("label", "category", "What was done, in words.", nullable=True),
    ),
    key=("screening_id",),
    description="Milestones that name a public-health measure: outreach and screening in the community.",
)

TABLES = (COUNTY, COMMUNITY, SCREENING)
