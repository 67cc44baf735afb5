"""The person's settings, read when they are needed, so that a host that runs for long has those of now."""

from pathlib import Path

from codelab.config.load import check_settings, read_user_settings
from codelab.config.settings import ModelSettings
from codelab.core.errors import InputError
from codelab_models.failures import FailureKind, failure


def model_settings(config: Path) -> ModelSettings:
    """Return the settings of ``[models]``.

    Args:
        config: The person's ``config.toml``.

    Raises:
        ModelError: The file cannot be used.
    """
    try:
        return check_settings(config, *read_user_settings(config)).models
    except InputError as error:
        raise failure(FailureKind.REFUSED, error.what, why=error.why, fix=error.fix) from error
