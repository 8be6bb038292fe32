"""The predictor of every cell and its gradient, as one piece of machine code.

The sampler asks for the gradient some hundred thousand times a fit. Put together from array operations, the structure
of a district model is dozens of them, each with arrays of its own to fill; written as loops it takes a third of the
time, and the path of a district's shocks is a step a period instead of a matrix product.
"""
# ruff: noqa: ARG002 - which arguments there are is PyTensor's to say; it has no types, hence the ignores

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op

from sverige_did.bayes.loops import as_loops

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Tensor = Any
N_SMOOTH = 7
"""How many of the inputs have a gradient; the others are data."""


def _forward(
    district: Floats,
    drift: Floats,
    steps: Floats,
    swing: Floats,
    rho: Floats,
    shock_z: Floats,
    effect: Floats,
    index: NDArray[np.int64],
    dose: Floats,
) -> Floats:
    groups, periods = shock_z.shape
    innovation = np.sqrt(1 - rho.item() ** 2)
    shock = np.empty((groups, periods))
    for d in range(groups):
        state = shock_z[d, 0]
        shock[d, 0] = swing.item() * state
        for t in range(1, periods):
            state = rho.item() * state + innovation * shock_z[d, t]
            shock[d, t] = swing.item() * state
    path = np.zeros(periods)
    for t in range(1, periods):
        path[t] = path[t - 1] + drift.item() * steps[t - 1]
    eta = np.empty(dose.shape[0])
    for n in range(dose.shape[0]):
        at, when = index[0, n], index[1, n]
        eta[n] = district[at] + path[when] + shock[at, when] + effect[index[2, n]] * dose[n]
    return eta


def _backward(
    drift: Floats,
    steps: Floats,
    swing: Floats,
    rho: Floats,
    shock_z: Floats,
    effect: Floats,
    index: NDArray[np.int64],
    dose: Floats,
    slope: Floats,
) -> tuple[Floats, ...]:
    groups, periods = shock_z.shape
    by_district, by_period = np.zeros(groups), np.zeros(periods)
    by_shock, by_effect = np.zeros((groups, periods)), np.zeros(effect.shape[0])
    for n in range(dose.shape[0]):
        at, when, g = index[0, n], index[1, n], slope[n]
        by_district[at] += g
        by_period[when] += g
        by_shock[at, when] += g
        by_effect[index[2, n]] += g * dose[n]

    # A step is part of all later periods.
    by_step, by_drift, later = np.empty(periods - 1), 0.0, 0.0
    for t in range(periods - 1, 0, -1):
        later += by_period[t]
        by_step[t - 1] = drift.item() * later
        by_drift += steps[t - 1] * later

    # The paths of shocks forward for their states, then backward for what each state carries into the later ones.
    persistence = rho.item()
    innovation = np.sqrt(1 - persistence**2)
    by_swing, by_rho, states = 0.0, 0.0, np.empty(periods)
    for d in range(groups):
        states[0] = shock_z[d, 0]
        for t in range(1, periods):
            states[t] = persistence * states[t - 1] + innovation * shock_z[d, t]
        carried = 0.0
        for t in range(periods - 1, 0, -1):
            by_swing += by_shock[d, t] * states[t]
            carried = persistence * carried + swing.item() * by_shock[d, t]
            by_rho += carried * (states[t - 1] - persistence / innovation * shock_z[d, t])
            by_shock[d, t] = innovation * carried
        by_swing += by_shock[d, 0] * states[0]
        by_shock[d, 0] = persistence * carried + swing.item() * by_shock[d, 0]
    return by_district, np.asarray(by_drift), by_step, np.asarray(by_swing), np.asarray(by_rho), by_shock, by_effect


class CellPredictor(Op):  # type: ignore[misc]
    """eta (N,) = district_d + lambda_t + shock_dt + effect_k dose: the formula of ``structure``, in every cell.

    Inputs: the districts' levels (G,); the sd of drift with a sign () and its standardised steps (T - 1,); the sd of
    shocks with a sign (), their persistence () and their independent normals (G, T); the effects (K,); the places of
    each cell's district, period and effect (3, N); its dose (N,).
    """

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply:
        """The node of these inputs."""
        given = [pt.as_tensor_variable(one) for one in inputs]
        return Apply(self, given, [pt.vector("eta", shape=given[-1].type.shape)])

    def perform(self, node: Apply, inputs: Sequence[Floats], output_storage: list[list[Any]]) -> None:
        """The same without machine code."""
        output_storage[0][0] = _forward(*inputs)  # type: ignore[arg-type]

    def infer_shape(self, node: Apply, shapes: list[Any]) -> list[Any]:
        """As many as doses."""
        return [shapes[-1]]

    def pullback(self, inputs: Sequence[Tensor], outputs: Sequence[Tensor], cotangents: Sequence[Tensor]) -> list[Any]:
        """The gradient by every input but the data."""
        return [*CellGradient()(*inputs[1:], cotangents[0]), *(DisconnectedType()() for _ in inputs[N_SMOOTH:])]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        """The data have no gradient."""
        return [[at < N_SMOOTH] for at in range(len(node.inputs))]


class CellGradient(Op):  # type: ignore[misc]
    """The gradient of the sum of eta, weighted by the last input (N,), by each smooth input of the predictor.

    Inputs: those of :class:`CellPredictor` after the first, which the gradient does not depend on, and the weights.
    """

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply:
        """The node of these inputs."""
        given = [pt.as_tensor_variable(one) for one in inputs]
        smooth = given[: N_SMOOTH - 1]
        district = pt.vector(shape=(smooth[4].type.shape[0],))
        return Apply(self, given, [district, *(one.type() for one in smooth)])

    def perform(self, node: Apply, inputs: Sequence[Floats], output_storage: list[list[Any]]) -> None:
        """The same without machine code."""
        for storage, found in zip(output_storage, _backward(*inputs), strict=True):  # type: ignore[arg-type]
            storage[0] = found

    def infer_shape(self, node: Apply, shapes: list[Any]) -> list[Any]:
        """As the inputs."""
        return [(shapes[4][0],), *shapes[: N_SMOOTH - 1]]


as_loops(CellPredictor, _forward)
as_loops(CellGradient, _backward)

cell_predictor = CellPredictor()
