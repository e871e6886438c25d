"""A Keras model as one TensorFlow function with constants for weights, which TensorFlow optimises best."""

from typing import Any


def freeze(model: Any, batch_size: int | None) -> Any:
    """Return a concrete function from float32 (batch_size, *input) to a list of the one output.

    Batch normalisation is folded into the weights before it when the function first runs.
    """
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    signature = [tf.TensorSpec((batch_size, *model.input_shape[1:]), tf.float32)]
    call = tf.function(lambda batch: model(batch, training=False), input_signature=signature)
    return convert_variables_to_constants_v2(call.get_concrete_function())
