"""What was sent, once it is known to be sound."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request


def valid(input_type: type[serializers.Serializer], request: Request, **options: Any) -> dict[str, Any]:
    data = input_type(data=request.data, **options)
    data.is_valid(raise_exception=True)
    values: dict[str, Any] = data.validated_data
    return values
