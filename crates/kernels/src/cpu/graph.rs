//! Operations of this crate as nodes of candle's graph, and a shorter way back through them.
//!
//! candle's backward pass adds every gradient to a fresh tensor of zeros: three more walks through memory for each. Where every
//! node between loss and variables is one of ours, [`backward`] walks the graph itself and moves gradients instead. The nodes
//! are kept alive by candle's graph alone; here they are only known by the tensor they made.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use candle_core::backprop::GradStore;
use candle_core::{CpuStorage, CustomOp1, CustomOp2, CustomOp3, DType, Layout, Result, Shape, Tensor, TensorId, bail};

use super::element::Element;
use super::residual;
use super::view::{View, tensor, with_view};
use crate::isa::Path;

/// A differentiable operation on slices.
pub(crate) trait Operation: Send + Sync + 'static {
    const NAME: &'static str;
    const GRADIENTS: Gradients = Gradients::Own;

    /// The result and its shape.
    fn forward<T: Element>(&self, inputs: &[View<'_, T>]) -> Result<(Vec<T>, Vec<usize>)>;

    /// The gradient of every input that is wanted, from result and gradient of the result; see [`Gradients`].
    fn backward<T: Element>(
        &self,
        _inputs: &[View<'_, T>],
        _wanted: &[bool],
        _output: &[T],
        _grad: &[T],
    ) -> Result<Vec<Option<Vec<T>>>> {
        bail!("{}: no gradients of its own", Self::NAME)
    }
}

/// How the gradients of an operation's inputs hang together: what is the same need not be computed, or even copied, twice.
pub(crate) enum Gradients {
    /// Each is its own.
    Own,
    /// [`Operation::backward`] computes the first, and the others are the same.
    Shared,
    /// All are the gradient of the result, in the shape of the input.
    PassedOn,
}

/// Applies `operation`, differentiably.
pub(crate) fn apply<O: Operation>(operation: O, inputs: &[&Tensor]) -> Result<Tensor> {
    let inputs: Vec<Tensor> = inputs.iter().copied().cloned().collect();
    let node = Arc::new(Node { operation, inputs, output: OnceLock::new() });
    let candles = Candles(Arc::clone(&node));
    let output = match &node.inputs[..] {
        [x] => x.apply_op1(candles)?,
        [x, y] => x.apply_op2(y, candles)?,
        [x, y, z] => x.apply_op3(y, z, candles)?,
        _ => bail!("{}: one to three inputs", O::NAME),
    };
    if output.track_op() {
        node.output.get_or_init(|| output.id());
        let known = Arc::downgrade(&node);
        nodes().insert(output.id(), known);
    }
    Ok(output)
}

type Nodes = HashMap<TensorId, Weak<dyn Step>>;

fn nodes() -> MutexGuard<'static, Nodes> {
    static NODES: LazyLock<Mutex<Nodes>> = LazyLock::new(Mutex::default);
    // Every change is a single insertion or removal, so a panic elsewhere cannot have left half of one.
    NODES.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Node<O> {
    operation: O,
    inputs: Vec<Tensor>,
    output: OnceLock<TensorId>,
}

impl<O> Drop for Node<O> {
    fn drop(&mut self) {
        if let Some(output) = self.output.get() {
            nodes().remove(output);
        }
    }
}

/// A node without its operation's type.
trait Step: Send + Sync {
    fn inputs(&self) -> &[Tensor];

    /// The gradients of those inputs that have any.
    fn gradients(&self, output: &Tensor, grad: &Tensor) -> Result<Vec<Option<Tensor>>>;
}

impl<O: Operation> Step for Node<O> {
    fn inputs(&self) -> &[Tensor] {
        &self.inputs
    }

    fn gradients(&self, output: &Tensor, grad: &Tensor) -> Result<Vec<Option<Tensor>>> {
        if matches!(O::GRADIENTS, Gradients::PassedOn) {
            let inputs = self.inputs.iter();
            return inputs.map(|x| x.track_op().then(|| grad.reshape(x.dims())).transpose()).collect();
        }
        match output.dtype() {
            DType::F32 => self.typed_gradients::<f32>(output, grad),
            DType::F64 => self.typed_gradients::<f64>(output, grad),
            other => bail!("{}: no gradient for {other:?}", O::NAME),
        }
    }
}

impl<O: Operation> Node<O> {
    fn typed_gradients<T: Element>(&self, output: &Tensor, grad: &Tensor) -> Result<Vec<Option<Tensor>>> {
        let storages: Vec<_> = self.inputs.iter().map(Tensor::storage_and_layout).collect();
        let views = storages.iter().map(|(storage, layout)| match &**storage {
            candle_core::Storage::Cpu(storage) => View::<T>::new(storage, layout),
            _ => bail!("{}: an input has left the CPU", O::NAME),
        });
        let views = views.collect::<Result<Vec<_>>>()?;
        let wanted: Vec<bool> = self.inputs.iter().map(Tensor::track_op).collect();
        let grads = with_view(output, |output| {
            with_view(grad, |grad| self.operation.backward(&views, &wanted, &output.data, &grad.data))
        })?;
        let named = grads.into_iter().zip(&self.inputs);
        let grads: Vec<_> = named
            .map(|(grad, input)| grad.map(|grad| tensor(grad, input.dims())).transpose())
            .collect::<Result<_>>()?;
        Ok(match (O::GRADIENTS, &grads[..]) {
            (Gradients::Shared, [Some(first), ..]) => wanted.iter().map(|&one| one.then(|| first.clone())).collect(),
            _ => grads,
        })
    }

    fn typed_forward<T: Element>(&self, inputs: &[(&CpuStorage, &Layout)]) -> Result<(CpuStorage, Shape)> {
        let views =
            inputs.iter().map(|(storage, layout)| View::<T>::new(storage, layout)).collect::<Result<Vec<_>>>()?;
        let (numbers, dims) = self.operation.forward(&views)?;
        Ok((T::to_cpu_storage_owned(numbers), Shape::from(dims)))
    }

    fn run(&self, inputs: &[(&CpuStorage, &Layout)]) -> Result<(CpuStorage, Shape)> {
        match inputs[0].0 {
            CpuStorage::F32(_) => self.typed_forward::<f32>(inputs),
            CpuStorage::F64(_) => self.typed_forward::<f64>(inputs),
            _ => bail!("{}: f32 or f64 only", O::NAME),
        }
    }
}

/// A node as candle's graph holds it.
struct Candles<O>(Arc<Node<O>>);

impl<O: Operation> CustomOp1 for Candles<O> {
    fn name(&self) -> &'static str {
        O::NAME
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        self.0.run(&[(s, l)])
    }

    fn bwd(&self, _: &Tensor, output: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        Ok(self.0.gradients(output, grad)?.swap_remove(0))
    }
}

impl<O: Operation> CustomOp2 for Candles<O> {
    fn name(&self) -> &'static str {
        O::NAME
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        self.0.run(&[(s1, l1), (s2, l2)])
    }

    fn bwd(&self, _: &Tensor, _: &Tensor, output: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let mut grads = self.0.gradients(output, grad)?.into_iter();
        Ok((grads.next().flatten(), grads.next().flatten()))
    }
}

impl<O: Operation> CustomOp3 for Candles<O> {
    fn name(&self) -> &'static str {
        O::NAME
    }

    fn cpu_fwd(
        &self,
        s1: &CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        l2: &Layout,
        s3: &CpuStorage,
        l3: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        self.0.run(&[(s1, l1), (s2, l2), (s3, l3)])
    }

    fn bwd(
        &self,
        _: &Tensor,
        _: &Tensor,
        _: &Tensor,
        output: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let mut grads = self.0.gradients(output, grad)?.into_iter();
        Ok((grads.next().flatten(), grads.next().flatten(), grads.next().flatten()))
    }
}

/// Gradients of `loss` with respect to every variable that it depends on.
pub(crate) fn backward(loss: &Tensor) -> Result<GradStore> {
    let mut steps = Vec::new();
    if !collect(loss, &mut HashSet::new(), &mut steps) {
        return loss.backward();
    }
    let mut grads = GradStore::default();
    grads.insert(loss, loss.ones_like()?);
    // A node comes after all that it was computed from, so that from the back every gradient is complete when it is used.
    while let Some((output, step)) = steps.pop() {
        let Some(grad) = grads.remove(&output) else { continue };
        for (input, grad) in step.inputs().iter().zip(step.gradients(&output, &grad)?) {
            if let Some(mut grad) = grad {
                if let Some(earlier) = grads.remove(input) {
                    grad = summed(&earlier, &grad)?;
                }
                grads.insert(input, grad);
            }
        }
    }
    Ok(grads)
}

/// The sum of two gradients of one tensor.
fn summed(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    match a.dtype() {
        DType::F32 => typed_sum::<f32>(a, b),
        DType::F64 => typed_sum::<f64>(a, b),
        _ => a + b,
    }
}

fn typed_sum<T: Element>(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    let sum =
        |x: View<'_, T>, y: View<'_, T>| tensor(residual::forward(Path::current(), &x.data, &y.data, false), &x.dims);
    with_view(a, |x| with_view(b, |y| sum(x, y)))
}

/// Appends the nodes that `tensor` was computed by, each after its inputs; false where one of them is not ours.
fn collect(tensor: &Tensor, seen: &mut HashSet<TensorId>, steps: &mut Vec<(Tensor, Arc<dyn Step>)>) -> bool {
    if tensor.is_variable() || !tensor.track_op() || !seen.insert(tensor.id()) {
        return true;
    }
    let Some(step) = nodes().get(&tensor.id()).and_then(Weak::upgrade) else { return false };
    let known = step.inputs().iter().all(|input| collect(input, seen, steps));
    steps.push((tensor.clone(), step));
    known
}
