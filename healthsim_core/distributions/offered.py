"""Distributions that plugins offer: laws of measured values, drawn and truncated as core's own are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs
import numpy as np

from healthsim_core.distributions.base import Distribution
from healthsim_core.distributions.continuous import Continuous
from healthsim_core.distributions.families import Family
from healthsim_core.draws import Floats
from healthsim_core.errors import HealthSimError, PluginError
from healthsim_core.language_offers import DistributionOffer


@attrs.frozen(eq=False)
class OfferedLaw(Continuous):
    """A plugin's law between two bounds; its moments are integrals of its quantiles."""

    mean = Distribution.mean
    variance = Distribution.variance


def family_of(offer: DistributionOffer) -> Family:
    """The law that a plugin offers, as core's own are written."""
    cdf, quantile = _guarded(offer, "cdf"), _guarded(offer, "quantile")

    def upto(values: Any, *parameters: Any) -> Floats:
        shares = np.clip(cdf(values, *parameters), 0, 1)
        return np.where(np.isneginf(values), 0.0, np.where(np.isposinf(values), 1.0, shares))

    return Family(
        cdf=upto,
        sf=lambda x, *parameters: 1 - upto(x, *parameters),
        ppf=quantile,
        isf=lambda share, *parameters: quantile(1 - share, *parameters),
        moments=lambda *parameters: (np.nan, np.nan),
        standard=lambda *parameters: _within_bounds(offer, parameters),
    )


def _within_bounds(offer: DistributionOffer, parameters: Sequence[Any]) -> tuple[Any, ...]:
    """The parameters, null where one is beyond its bounds."""
    kept = []
    for field, value in zip(offer.parameters, parameters, strict=True):
        least, most = (-np.inf if field.least is None else field.least), (np.inf if field.most is None else field.most)
        above = -np.inf if field.above is None else field.above
        kept.append(np.where((value >= least) & (value <= most) & (value > above), value, np.nan))
    return tuple(kept)


def _guarded(offer: DistributionOffer, name: str) -> Callable[..., Floats]:
    """A function of the law, called with arrays of one length; what it does wrong is told with the law's name."""
    function = getattr(offer, name)

    def computed(values: Any, *parameters: Any) -> Floats:
        given = np.broadcast_arrays(np.asarray(values, np.float64), *parameters)
        shape = given[0].shape
        try:
            results = np.asarray(function(*(argument.ravel() for argument in given)), np.float64)
        except HealthSimError:
            raise
        except Exception as error:  # whatever a stranger's function raises
            what = f"`{name}` of {offer.written} raised {type(error).__name__}: {' '.join(str(error).split())}."
            raise PluginError(what, offer.product) from error
        if results.shape != (given[0].size,):
            what = f"`{name}` of {offer.written} returns an array of {results.shape}, not {(given[0].size,)}."
            raise PluginError(what, offer.product, "Return a number for each value.")
        null = np.any([np.isnan(argument.ravel()) for argument in given], axis=0)
        return np.where(null, np.nan, results).reshape(shape)

    return computed
