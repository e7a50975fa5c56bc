"""What LiteLLM's proxy is told besides its settings: who may ask, and where it writes down what it counted.

The proxy imports this file by name. `authorize` decides as its built-in check does where a database is connected;
without one, a wrong key is not told as such. `books` writes one line of JSON for each answer of its own accounting.
"""

import json
import os

from fastapi import Request
from litellm.integrations.custom_logger import CustomLogger
from litellm.proxy._types import ProxyErrorTypes, ProxyException, UserAPIKeyAuth


async def authorize(_request: Request, api_key: str) -> UserAPIKeyAuth:
    """Admits the one key, and refuses any other with the exception that the built-in check raises."""
    if api_key.removeprefix("Bearer ") != os.environ["PROXY_KEY"]:
        raise ProxyException("Authentication Error, invalid proxy key", ProxyErrorTypes.auth_error, "None", 401)
    return UserAPIKeyAuth(api_key=api_key)


class Books(CustomLogger):
    """One line for each answer: the model that was asked for, and the tokens of the proxy's own reckoning."""

    async def async_log_success_event(self, kwargs, response_obj, start_time, end_time):
        counted = kwargs["standard_logging_object"]
        line = {
            "model": counted["model_group"],
            "input_tokens": counted["prompt_tokens"],
            "output_tokens": counted["completion_tokens"],
        }
        with open(os.environ["PROXY_BOOKS"], "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


books = Books()
