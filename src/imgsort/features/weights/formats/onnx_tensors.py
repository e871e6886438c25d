"""Reads the arrays of an ONNX file as numbers. Nothing in the file runs, and no other file is opened.

Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto. Of that description this module needs three messages
and a few fields; the protobuf library skips all others.
"""

from typing import TYPE_CHECKING, Any

from imgsort.errors import WeightsError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FLOAT = 1


def read_onnx_tensors(data: bytes) -> "dict[str, NDArray[np.float32]]":
    """Return the float32 arrays in an ONNX file by name.

    Arrays of other types, and arrays whose numbers are not in the field for raw data, are left out. Raises WeightsError
    if `data` is not an ONNX file, or if an array has not as many numbers as its shape says.
    """
    import numpy as np
    from google.protobuf.message import DecodeError

    model = _model_message()
    try:
        model.ParseFromString(data)
        return {
            tensor.name: np.frombuffer(tensor.raw_data, "<f4").reshape(tuple(tensor.dims))
            for tensor in model.graph.initializer
            if tensor.data_type == _FLOAT and tensor.raw_data
        }
    except (DecodeError, ValueError) as error:
        raise WeightsError(f"this is not an ONNX file with arrays of float32 ({error}).") from error


def _model_message() -> Any:
    """Return an empty message of the type ModelProto."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    field = descriptor_pb2.FieldDescriptorProto
    fields = {
        "TensorProto": (
            field(name="dims", number=1, label=field.LABEL_REPEATED, type=field.TYPE_INT64),
            field(name="data_type", number=2, label=field.LABEL_OPTIONAL, type=field.TYPE_INT32),
            field(name="name", number=8, label=field.LABEL_OPTIONAL, type=field.TYPE_STRING),
            field(name="raw_data", number=9, label=field.LABEL_OPTIONAL, type=field.TYPE_BYTES),
        ),
        "GraphProto": (_message_field("initializer", 5, field.LABEL_REPEATED, "TensorProto"),),
        "ModelProto": (_message_field("graph", 7, field.LABEL_OPTIONAL, "GraphProto"),),
    }
    file = descriptor_pb2.FileDescriptorProto(name="imgsort_onnx.proto", package="imgsort_onnx")
    for name, of_message in fields.items():
        file.message_type.add(name=name).field.extend(of_message)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("imgsort_onnx.ModelProto"))()


def _message_field(name: str, number: int, label: Any, message: str) -> Any:
    from google.protobuf import descriptor_pb2

    field = descriptor_pb2.FieldDescriptorProto
    return field(name=name, number=number, label=label, type=field.TYPE_MESSAGE, type_name=f".imgsort_onnx.{message}")
