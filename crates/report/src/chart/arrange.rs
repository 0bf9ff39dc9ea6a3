//! Text beside a chart, moved apart where it would overlap.

/// Heights for texts that want to stand at `wanted`, at least `gap` apart and within `top` to `bottom`, each as near to its
/// wish as the others let it; in the order of `wanted`. Where they do not all fit, they are spread evenly.
pub(super) fn spread(wanted: &[f64], gap: f64, top: f64, bottom: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|a, b| wanted[*a].total_cmp(&wanted[*b]));
    let room = bottom - top;
    let gap = gap.min(room / wanted.len().saturating_sub(1).max(1) as f64);
    let mut clusters: Vec<Cluster> = Vec::new();
    for &i in &order {
        clusters.push(Cluster::of(wanted[i].clamp(top, bottom)));
        settle(&mut clusters, gap, top, bottom);
    }
    let mut heights = vec![0.0; wanted.len()];
    let placed = clusters.iter().flat_map(|cluster| {
        let first = cluster.first(gap, top, bottom);
        (0..cluster.members).map(move |k| first + k as f64 * gap)
    });
    for (&i, height) in order.iter().zip(placed) {
        heights[i] = height;
    }
    heights
}

/// Neighbours that touch; `sum` adds up where its first member would like to be.
struct Cluster {
    members: usize,
    sum: f64,
}

impl Cluster {
    fn of(wish: f64) -> Self {
        Self { members: 1, sum: wish }
    }

    fn first(&self, gap: f64, top: f64, bottom: f64) -> f64 {
        let length = (self.members - 1) as f64 * gap;
        let mean = self.sum / self.members as f64;
        mean.min(bottom - length).max(top)
    }

    fn absorb(&mut self, next: &Self, gap: f64) {
        let shift = self.members as f64 * gap;
        self.sum += next.sum - shift * next.members as f64;
        self.members += next.members;
    }
}

/// Joins the last clusters until they no longer touch (pool adjacent violators).
fn settle(clusters: &mut Vec<Cluster>, gap: f64, top: f64, bottom: f64) {
    while let [.., before, last] = clusters.as_mut_slice() {
        let end = before.first(gap, top, bottom) + (before.members - 1) as f64 * gap;
        if end + gap <= last.first(gap, top, bottom) {
            return;
        }
        before.absorb(last, gap);
        clusters.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_stays_and_what_touches_moves_least() {
        assert_eq!(spread(&[10.0, 50.0], 16.0, 0.0, 100.0), [10.0, 50.0]);
        assert_eq!(spread(&[50.0, 50.0], 16.0, 0.0, 100.0), [42.0, 58.0]);
        assert_eq!(spread(&[99.0, 98.0, 97.0], 16.0, 0.0, 100.0), [100.0, 84.0, 68.0]);
        assert!(spread(&[], 16.0, 0.0, 100.0).is_empty());
    }

    #[test]
    fn order_gap_and_bounds_hold_for_any_wishes() {
        let wishes: Vec<f64> = (0..12).map(|i| f64::from((i * 37) % 23) * 9.0 - 20.0).collect();
        for n in 0..=wishes.len() {
            let mut heights = spread(&wishes[..n], 16.0, 0.0, 180.0);
            for (a, b) in [(0, 1), (1, 2), (3, 7)] {
                if b < n && wishes[a] < wishes[b] {
                    assert!(heights[a] < heights[b]);
                }
            }
            heights.sort_by(f64::total_cmp);
            assert!(heights.iter().all(|h| (0.0..=180.0).contains(h)));
            let gap = if n > 1 { (180.0 / (n - 1) as f64).min(16.0) } else { 16.0 };
            assert!(heights.windows(2).all(|pair| pair[1] - pair[0] >= gap - 1e-9));
        }
    }
}
