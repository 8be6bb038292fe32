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

from sverige_did.bayes.compiled.numba_ops import as_numba

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Tensor = Any
N_SMOOTH = 7
"""How many of the inputs have a gradient; the others are data."""

# Numbers are read out of arrays once, and places without a sign: in a loop, a reading counts a reference and a place
# that may be negative is checked, which costs as much as the arithmetic.


def _forward(
    means: Floats,
    sds: Floats,
    rho: Floats,
    plane: Floats,
    steps: Floats,
    shock_z: Floats,
    effect_z: Floats,
    index: NDArray[np.int64],
    dose: Floats,
    treated: Floats,
) -> Floats:
    groups, periods = shock_z.shape
    mu, gamma, tau = means[0], means[1], means[2]
    spread, period_sd, shock, effect_sd = sds[0], sds[1], sds[2], sds[3]
    persistence = rho.item()
    innovation = np.sqrt(1 - persistence**2)
    # G - 1 independent normals, turned on to the plane of G numbers that sum to zero, all of them alike.
    shift, last = plane.sum() / (groups + np.sqrt(groups)), -plane.sum() / np.sqrt(groups)
    idle = np.empty((groups, periods))
    for d in range(groups):
        idle[d, 0] = shock_z[d, 0]
        for t in range(1, periods):
            idle[d, t] = persistence * idle[d, t - 1] + innovation * shock_z[d, t]
    for d in range(groups):
        district_z = plane[d] - shift if d < groups - 1 else last
        own, path = mu + gamma * treated[d] + spread * district_z, 0.0
        idle[d, 0] = own + shock * idle[d, 0]
        for t in range(1, periods):
            path += period_sd * steps[t - 1]
            idle[d, t] = own + path + shock * idle[d, t]
    eta = np.empty(dose.shape[0])
    for n in range(dose.shape[0]):
        effect = tau + effect_sd * effect_z[np.uintp(index[2, n])]
        eta[n] = idle[np.uintp(index[0, n]), np.uintp(index[1, n])] + effect * dose[n]
    return eta


def _backward(
    sds: Floats,
    rho: Floats,
    plane: Floats,
    steps: Floats,
    shock_z: Floats,
    effect_z: Floats,
    index: NDArray[np.int64],
    dose: Floats,
    treated: Floats,
    slope: Floats,
) -> tuple[Floats, ...]:
    groups, periods = shock_z.shape
    spread, period_sd, shock, effect_sd = sds[0], sds[1], sds[2], sds[3]
    by_shock, by_effect = np.zeros((groups, periods)), np.zeros(effect_z.shape[0])
    for n in range(dose.shape[0]):
        by_shock[np.uintp(index[0, n]), np.uintp(index[1, n])] += slope[n]
        by_effect[np.uintp(index[2, n])] += slope[n] * dose[n]
    by_tau, by_variation = 0.0, 0.0
    for k in range(effect_z.shape[0]):
        by_tau += by_effect[k]
        by_variation += by_effect[k] * effect_z[k]
        by_effect[k] *= effect_sd

    # The paths of shocks forward for their states, then backward for what each state carries into the later ones.
    persistence, states = rho.item(), np.empty(periods)
    innovation = np.sqrt(1 - persistence**2)
    shift, last = plane.sum() / (groups + np.sqrt(groups)), -plane.sum() / np.sqrt(groups)
    by_plane, by_step = np.empty(groups - 1), np.zeros(periods - 1)
    by_mu, by_gamma, by_spread, by_swing, by_rho, by_last = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for d in range(groups):
        states[0] = shock_z[d, 0]
        for t in range(1, periods):
            states[t] = persistence * states[t - 1] + innovation * shock_z[d, t]
        whole, carried = 0.0, 0.0
        for t in range(periods - 1, 0, -1):
            g = by_shock[d, t]
            whole += g
            by_step[t - 1] += g  # of the period so far, of the step below
            by_swing += g * states[t]
            carried = persistence * carried + shock * g
            by_rho += carried * (states[t - 1] - persistence / innovation * shock_z[d, t])
            by_shock[d, t] = innovation * carried
        g = by_shock[d, 0]
        whole += g
        by_swing += g * states[0]
        by_shock[d, 0] = persistence * carried + shock * g
        by_mu += whole
        by_gamma += whole * treated[d]
        if d < groups - 1:
            by_spread += whole * (plane[d] - shift)
            by_plane[d] = spread * whole
        else:
            by_spread += whole * last
            by_last = spread * whole
    by_shift = by_plane.sum() / (groups + np.sqrt(groups)) + by_last / np.sqrt(groups)
    for d in range(groups - 1):
        by_plane[d] -= by_shift

    # A step is part of all later periods.
    by_drift, later = 0.0, 0.0
    for t in range(periods - 2, -1, -1):
        later += by_step[t]
        by_drift += steps[t] * later
        by_step[t] = period_sd * later
    by_mean = np.array([by_mu, by_gamma, by_tau])
    by_sd = np.array([by_spread, by_drift, by_swing, by_variation])
    return by_mean, by_sd, np.asarray(by_rho), by_plane, by_step, by_shock, by_effect


class CellPredictor(Op):  # type: ignore[misc]  # PyTensor has no types
    """eta (N,) of every cell by the formula of ``structure``.

    Inputs: mu, gamma and tau (3,); the sds of districts, drift, shocks and effects (4,), each with a sign; the
    persistence of shocks (); the standardised levels of districts (G - 1,), on the plane of levels that sum to zero,
    steps of drift (T - 1,), shocks (G, T) and effects (K,); the places of each cell's district, period and effect
    (3, N); its dose (N,); which districts are treated (G,), as 0 and 1.
    """

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply:
        """The node of these inputs."""
        given = [pt.as_tensor_variable(one) for one in inputs]
        return Apply(self, given, [pt.vector("eta", shape=given[-2].type.shape)])

    def perform(self, node: Apply, inputs: Sequence[Floats], output_storage: list[list[Any]]) -> None:
        """The same without machine code."""
        output_storage[0][0] = _forward(*inputs)  # type: ignore[arg-type]  # inputs of several kinds, in its order

    def infer_shape(self, node: Apply, shapes: list[Any]) -> list[Any]:
        """As many as doses."""
        return [shapes[-2]]

    def pullback(self, inputs: Sequence[Tensor], outputs: Sequence[Tensor], cotangents: Sequence[Tensor]) -> list[Any]:
        """The gradient by every input but the data."""
        return [*CellGradient()(*inputs[1:], cotangents[0]), *(DisconnectedType()() for _ in inputs[N_SMOOTH:])]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        """The data have no gradient."""
        return [[at < N_SMOOTH] for at in range(len(node.inputs))]


class CellGradient(Op):  # type: ignore[misc]  # PyTensor has no types
    """The gradient of the sum of eta, weighted by the last input (N,), by each smooth input of the predictor.

    Inputs: those of :class:`CellPredictor` after the first, which the gradient does not depend on, and the weights.
    """

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply:
        """The node of these inputs."""
        given = [pt.as_tensor_variable(one) for one in inputs]
        return Apply(self, given, [pt.vector(shape=(3,)), *(one.type() for one in given[: N_SMOOTH - 1])])

    def perform(self, node: Apply, inputs: Sequence[Floats], output_storage: list[list[Any]]) -> None:
        """The same without machine code."""
        for storage, found in zip(output_storage, _backward(*inputs), strict=True):  # type: ignore[arg-type]  # as above
            storage[0] = found

    def infer_shape(self, node: Apply, shapes: list[Any]) -> list[Any]:
        """As the inputs."""
        return [(pt.constant(3),), *shapes[: N_SMOOTH - 1]]


as_numba(CellPredictor, _forward)
as_numba(CellGradient, _backward)

cell_predictor = CellPredictor()
