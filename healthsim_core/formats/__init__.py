"""Files: text assembled from columns, where files go."""

from healthsim_core.formats import destination, text

__all__ = ["destination", "text"]
